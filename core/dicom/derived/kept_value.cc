#include "core/dicom/derived/kept_value.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "core/dicom/dataset/dicom_text.h"
#include "core/dicom/dataset/tags.h"
#include "core/dicom/dataset/uid.h"

namespace sgpsam {
namespace {

absl::Status Because(absl::string_view reason) { return absl::InvalidArgumentError(reason); }

absl::StatusOr<std::string> ValidOr(absl::string_view reason, std::optional<std::string> valid) {
  if (!valid) return Because(reason);
  return *std::move(valid);
}

bool AllDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// YYYYMMDD; the separators of older standards are dropped.
std::optional<std::string> ValidDate(absl::string_view value) {
  const std::string digits = absl::StrReplaceAll(value, {{".", ""}, {"-", ""}, {"/", ""}});
  if (digits.size() != 8 || !AllDigits(digits)) return std::nullopt;
  const int month = (digits[4] - '0') * 10 + digits[5] - '0', day = (digits[6] - '0') * 10 + digits[7] - '0';
  if (month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
  return digits;
}

// HH[MM[SS[.FFFFFF]]]; the colons of older standards are dropped.
std::optional<std::string> ValidTime(absl::string_view value) {
  std::string time = absl::StrReplaceAll(value, {{":", ""}});
  const std::vector<std::string> parts = absl::StrSplit(time, '.');
  const std::string& clock = parts[0];
  if (parts.size() > 2 || !AllDigits(clock) || clock.size() > 6 || clock.size() % 2 != 0) return std::nullopt;
  const int limits[] = {23, 59, 60};
  for (size_t n = 0; n < clock.size(); n += 2) {
    if ((clock[n] - '0') * 10 + clock[n + 1] - '0' > limits[n / 2]) return std::nullopt;
  }
  const bool fraction = parts.size() == 2 && clock.size() == 6 && AllDigits(parts[1]) && parts[1].size() <= 6;
  return fraction ? time : clock;
}

// nnnD, nnnW, nnnM or nnnY; a bare number means years.
std::optional<std::string> ValidAge(absl::string_view value) {
  std::string age(value);
  const char last = absl::ascii_toupper(age.back());
  const bool has_unit = absl::StrContains("DWMY", last);
  if (has_unit) age.pop_back();
  if (!AllDigits(age) || age.size() > 3) return std::nullopt;
  age.insert(0, 3 - age.size(), '0');
  age.push_back(has_unit ? last : 'Y');
  return age;
}

std::optional<std::string> ValidSex(absl::string_view value) {
  const std::string upper = absl::AsciiStrToUpper(value);
  if (upper == "M" || upper == "MALE") return "M";
  if (upper == "F" || upper == "FEMALE") return "F";
  if (upper == "O" || upper == "OTHER") return "O";
  return std::nullopt;
}

std::optional<std::string> ValidTimezone(absl::string_view value) {
  const bool valid = value.size() == 5 && (value[0] == '+' || value[0] == '-') &&
                     AllDigits(value.substr(1)) && value.substr(1, 2) <= "14" && value.substr(3, 2) <= "59";
  if (!valid) return std::nullopt;
  return std::string(value);
}

std::optional<std::string> ValidCodeString(absl::string_view value) {
  std::string upper = absl::AsciiStrToUpper(value);
  if (!IsCodeString(upper)) return std::nullopt;
  return upper;
}

std::optional<std::string> ValidUid(absl::string_view value) {
  if (!IsUsableUid(value)) return std::nullopt;
  return std::string(value);
}

// Of VRs that are plain ASCII and have no rule of their own here (DT, IS).
std::optional<std::string> PlainValue(absl::string_view value) {
  constexpr size_t kLongest = 26;  // of DT
  const bool plain = value.size() <= kLongest && std::all_of(value.begin(), value.end(), absl::ascii_isprint);
  if (!plain) return std::nullopt;
  return std::string(value);
}

absl::StatusOr<std::string> LimitedText(absl::string_view text, size_t limit, bool paragraphs) {
  if (!IsPrintable(text, paragraphs)) return Because("has control characters");
  if (CountCharacters(text) > limit) return Because(absl::StrCat("has more than ", limit, " characters"));
  return std::string(text);
}

absl::StatusOr<std::string> Name(absl::string_view name) {
  for (absl::string_view group : absl::StrSplit(name, '=')) {
    RETURN_IF_ERROR(LimitedText(group, 64, false).status());
  }
  if (!IsPersonName(name)) return Because("has more than three component groups or five components");
  return std::string(name);
}

// One value of a representation that may have several.
absl::StatusOr<std::string> OneValue(uint32_t tag, absl::string_view vr, absl::string_view value) {
  constexpr absl::string_view kNotValid = "is not valid";
  value = TrimPadding(value);
  if (value.empty()) return std::string();
  if (tag == tags::kPatientSex) return ValidOr(kNotValid, ValidSex(value));
  if (tag == tags::kTimezoneOffsetFromUtc) return ValidOr(kNotValid, ValidTimezone(value));
  if (vr == "LO") return LimitedText(value, 64, false);
  if (vr == "SH") return LimitedText(value, 16, false);
  if (vr == "UC") return LimitedText(value, 65536, false);
  if (vr == "PN") return Name(value);
  if (vr == "DA") return ValidOr(kNotValid, ValidDate(value));
  if (vr == "TM") return ValidOr(kNotValid, ValidTime(value));
  if (vr == "AS") return ValidOr(kNotValid, ValidAge(value));
  if (vr == "DS") return ValidOr(kNotValid, NormalisedDs(value));
  if (vr == "CS") return ValidOr(kNotValid, ValidCodeString(value));
  if (vr == "UI") return ValidOr(kNotValid, ValidUid(value));
  return ValidOr(kNotValid, PlainValue(value));
}

}  // namespace

absl::StatusOr<std::string> KeptValue(uint32_t tag, absl::string_view vr, bool several,
                                      absl::string_view utf8) {
  constexpr size_t kMaxValues = 256;
  if (vr == "ST") return LimitedText(TrimPadding(utf8), 1024, true);
  if (vr == "LT") return LimitedText(TrimPadding(utf8), 10240, true);
  if (vr == "UT" || vr == "UR") return LimitedText(TrimPadding(utf8), 65536, true);
  std::vector<std::string> kept;
  for (absl::string_view value : absl::StrSplit(utf8, '\\')) {
    if (!kept.empty() && !several) return Because("has several values");
    if (kept.size() == kMaxValues) return Because(absl::StrCat("has more than ", kMaxValues, " values"));
    ASSIGN_OR_RETURN(std::string valid, OneValue(tag, vr, value));
    kept.push_back(std::move(valid));
  }
  return absl::StrJoin(kept, "\\");
}

}  // namespace sgpsam
