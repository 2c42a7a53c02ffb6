#include "tools/commands/parse.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace sgpsam::tools {
namespace {

constexpr int64_t kMaxWhole = 1'000'000;

template <typename Parse>
CLI::Validator Check(const Parse& parse, const std::string& form) {
  return CLI::Validator(
      [parse, form](std::string& text) { return parse(text) ? std::string() : "must look like " + form; },
      form);
}

}  // namespace

std::optional<std::array<double, 3>> ParseTriple(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ',');
  std::array<double, 3> values{};
  if (parts.size() != values.size()) return std::nullopt;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!absl::SimpleAtod(parts[i], &values[i]) || !std::isfinite(values[i])) return std::nullopt;
  }
  return values;
}

std::optional<std::array<int64_t, 3>> ParseWholeTriple(absl::string_view text) {
  const auto values = ParseTriple(text);
  std::array<int64_t, 3> whole{};
  for (size_t i = 0; values && i < whole.size(); ++i) {
    const double value = (*values)[i];
    if (std::floor(value) != value || std::abs(value) > kMaxWhole) return std::nullopt;
    whole[i] = static_cast<int64_t>(value);
  }
  return values ? std::optional(whole) : std::nullopt;
}

std::optional<Click> ParseClick(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() != 2 || (parts[1] != "+" && parts[1] != "-")) return std::nullopt;
  const auto position = ParseTriple(parts[0]);
  if (!position) return std::nullopt;
  const auto [i, j, k] = *position;
  return Click{static_cast<float>(i), static_cast<float>(j), static_cast<float>(k), parts[1] == "+"};
}

CLI::Validator IsTriple() { return Check(ParseTriple, "X,Y,Z"); }
CLI::Validator IsWholeTriple() { return Check(ParseWholeTriple, "I,J,K (whole numbers)"); }
CLI::Validator IsClick() { return Check(ParseClick, "I,J,K:+ or I,J,K:-"); }

}  // namespace sgpsam::tools
