#include "core/dicom/dataset/dicom_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace sgpsam {
namespace {

constexpr size_t kMaxDsLength = 16;
constexpr size_t kMaxNumberLength = 64;  // longer texts are no numbers; bounds the work on hostile ones

constexpr size_t kMaxNameGroups = 3, kMaxNameComponents = 5, kMaxGroupCharacters = 64;  // of PN
constexpr size_t kMaxCodeString = 16;

// What may follow a character's first byte: how many bytes, and of which range the first of them is.
struct Continuation {
  size_t bytes;
  uint8_t first_low = 0x80, first_high = 0xBF;
};

// Table 3-7 of the Unicode standard: neither surrogates nor longer forms than needed. nullopt: no first byte.
std::optional<Continuation> ContinuationOf(uint8_t lead) {
  if (lead < 0x80) return Continuation{0};
  if (lead >= 0xC2 && lead <= 0xDF) return Continuation{1};
  if (lead == 0xE0) return Continuation{2, 0xA0, 0xBF};
  if (lead == 0xED) return Continuation{2, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return Continuation{2};
  if (lead == 0xF0) return Continuation{3, 0x90, 0xBF};
  if (lead == 0xF4) return Continuation{3, 0x80, 0x8F};
  if (lead >= 0xF1 && lead <= 0xF3) return Continuation{3};
  return std::nullopt;
}

// The bytes of the character at the text's begin; 0 if it is not well-formed.
size_t CharacterLength(absl::string_view text) {
  const std::optional<Continuation> rest = ContinuationOf(static_cast<uint8_t>(text[0]));
  if (!rest || rest->bytes >= text.size()) return 0;
  for (size_t n = 1; n <= rest->bytes; ++n) {
    const auto byte = static_cast<uint8_t>(text[n]);
    const bool first = n == 1;
    if (byte < (first ? rest->first_low : 0x80) || byte > (first ? rest->first_high : 0xBF)) return 0;
  }
  return rest->bytes + 1;
}

bool IsLineOrTab(char c) { return c == '\n' || c == '\r' || c == '\f' || c == '\t'; }

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

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

size_t CountCharacters(absl::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(),
                                           [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

bool IsPrintable(absl::string_view utf8, bool paragraphs) {
  if (!IsUtf8(utf8)) return false;
  for (size_t n = 0; n < utf8.size(); ++n) {
    const char c = utf8[n];
    if (absl::ascii_iscntrl(c) && !(paragraphs && IsLineOrTab(c))) return false;
    // U+0080 to U+009F are control characters too.
    if (c == '\xC2' && static_cast<uint8_t>(utf8[n + 1]) < 0xA0) return false;
  }
  return true;
}

bool IsShortText(absl::string_view utf8, size_t limit) {
  return IsPrintable(utf8) && !absl::StrContains(utf8, '\\') && CountCharacters(utf8) <= limit;
}

bool IsPersonName(absl::string_view utf8) {
  const std::vector<absl::string_view> groups = absl::StrSplit(utf8, '=');
  return groups.size() <= kMaxNameGroups &&
         std::all_of(groups.begin(), groups.end(), [](absl::string_view group) {
           return IsShortText(group, kMaxGroupCharacters) &&
                  std::count(group.begin(), group.end(), '^') <
                      static_cast<std::ptrdiff_t>(kMaxNameComponents);
         });
}

bool IsCodeString(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxCodeString && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == ' ' || c == '_';
  });
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
