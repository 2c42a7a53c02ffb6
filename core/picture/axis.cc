#include "core/picture/axis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace sgpsam {
namespace {

constexpr std::array<double, 3> kMantissas{1, 2, 5};
// Values this near to a tick, in steps between ticks, are taken as on it.
constexpr double kSlack = 1e-6;
// So much of their size do the ends of an axis differ, or labels had to be longer than ShortNumber's.
constexpr double kLeastSpread = 1e-5;

int64_t FloorOfQuotient(int64_t n, int64_t divisor) { return n / divisor - (n % divisor < 0 ? 1 : 0); }

// The numbers 1, 2, 5, 10, 20, 50 …: number 0 is 1, number -1 is 0.5.
double RoundNumber(int64_t n) {
  const int64_t decade = FloorOfQuotient(n, 3);
  return kMantissas[static_cast<size_t>(n - 3 * decade)] * std::pow(10.0, static_cast<double>(decade));
}

// The last of the round numbers that is not above `value`.
int64_t LastNotAbove(double value) {
  int64_t n = 3 * static_cast<int64_t>(std::floor(std::log10(value))) + 3;
  while (RoundNumber(n) > value * (1 + kSlack)) --n;
  return n;
}

int64_t FirstNotBelow(double value) {
  const int64_t n = LastNotAbove(value);
  return RoundNumber(n) < value * (1 - kSlack) ? n + 1 : n;
}

// Ends that are too near to each other for ticks between them move apart.
void Widen(double& low, double& high) {
  const double size = std::max(std::abs(low), std::abs(high));
  if (size >= kLeastOfAxis && high - low > kLeastSpread * size) return;
  const double margin = size < kLeastOfAxis ? 1 : size / 10;
  low -= margin;
  high += margin;
}

void AddTick(double value, Axis& axis) { axis.ticks.push_back({value, ShortNumber(value)}); }

}  // namespace

double Axis::Place(double value) const {
  if (!log) return (value - low) / (high - low);
  return std::log(value / low) / std::log(high / low);
}

Axis LinearAxis(double low, double high, int most_ticks) {
  Widen(low, high);
  most_ticks = std::max(most_ticks, 3);
  for (int64_t n = LastNotAbove((high - low) / most_ticks);; ++n) {
    const double step = RoundNumber(n);
    const double first = std::ceil(low / step - kSlack), last = std::floor(high / step + kSlack);
    if (last - first + 1 > most_ticks) continue;
    Axis axis{low, high, false, {}};
    for (double tick = first; tick <= last; ++tick) AddTick(tick * step, axis);
    return axis;
  }
}

Axis LogAxis(double low, double high, int most_ticks) {
  Widen(low, high);
  most_ticks = std::max(most_ticks, 3);
  int64_t first = LastNotAbove(low), last = FirstNotBelow(high), step = 1;
  const auto ticks = [&] { return FloorOfQuotient(last, step) - FloorOfQuotient(first - 1, step); };
  if (ticks() > most_ticks) {
    step = 3;
    if (ticks() < 2) {
      first = 3 * FloorOfQuotient(first, 3);
      last = -3 * FloorOfQuotient(-last, 3);
    }
    while (ticks() > most_ticks) step += 3;
  }
  Axis axis{RoundNumber(first), RoundNumber(last), true, {}};
  for (int64_t n = -step * FloorOfQuotient(-first, step); n <= last; n += step) AddTick(RoundNumber(n), axis);
  return axis;
}

std::string ShortNumber(double value) {
  if (value == 0) return "0";  // without the sign that zero may have
  const double size = std::abs(value);
  if (size >= 1e-3 && size < 1e6) return absl::StrFormat("%.8g", value);
  const std::pair<std::string, std::string> parts = absl::StrSplit(absl::StrFormat("%.7e", value), 'e');
  const size_t zeros = parts.first.find_last_not_of("0.") + 1;
  return absl::StrCat(absl::string_view(parts.first).substr(0, zeros), "e", std::stoi(parts.second));
}

}  // namespace sgpsam
