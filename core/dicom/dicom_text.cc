#include "core/dicom/dicom_text.h"

#include <charconv>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace sgpsam {
namespace {

constexpr size_t kMaxDsLength = 16;
constexpr size_t kMaxNumberLength = 64;  // longer texts are no numbers; bounds the work on hostile ones

bool IsValidDs(absl::string_view value) {
  return value.size() <= kMaxDsLength && !absl::StrContains(value, ',') && ParseNumber(value).has_value();
}

}  // namespace

absl::string_view TrimPadding(absl::string_view text) {
  const size_t end = text.find_last_not_of(absl::string_view(" \0", 2));
  if (end == absl::string_view::npos) return {};
  text = text.substr(0, end + 1);
  return text.substr(text.find_first_not_of(' '));
}

std::optional<double> ParseNumber(absl::string_view text) {
  text = TrimPadding(text);
  if (text.empty() || text.size() > kMaxNumberLength) return std::nullopt;
  std::string repaired;
  if (absl::StrContains(text, ',') && !absl::StrContains(text, '.')) {
    repaired = absl::StrReplaceAll(text, {{",", "."}});
    text = repaired;
  }
  if (text.find_first_not_of("0123456789+-.eE") != absl::string_view::npos)
    return std::nullopt;  // nan, inf, 0x1
  double value = 0;
  if (!absl::SimpleAtod(text, &value) || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::vector<double>> ParseNumbers(absl::string_view text) {
  std::vector<double> numbers;
  for (absl::string_view part : absl::StrSplit(text, '\\')) {
    const std::optional<double> number = ParseNumber(part);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

std::string FormatDs(double value) {
  if (value == 0) return "0";  // no "-0"
  char text[64];
  for (int precision = 15; precision > 0; --precision) {
    const auto end =
        std::to_chars(text, text + sizeof(text), value, std::chars_format::general, precision).ptr;
    if (static_cast<size_t>(end - text) <= kMaxDsLength) return std::string(text, end);
  }
  return "0";  // not reached: one digit always fits
}

std::optional<std::string> NormalisedDs(absl::string_view text) {
  std::vector<std::string> values;
  for (absl::string_view part : absl::StrSplit(text, '\\')) {
    const absl::string_view value = TrimPadding(part);
    if (IsValidDs(value)) {
      values.emplace_back(value);
      continue;
    }
    const std::optional<double> number = ParseNumber(value);
    if (!number) return std::nullopt;
    values.push_back(FormatDs(*number));
  }
  return absl::StrJoin(values, "\\");
}

}  // namespace sgpsam
