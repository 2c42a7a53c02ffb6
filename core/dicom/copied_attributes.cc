#include "core/dicom/copied_attributes.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/dicom/dicom_text.h"

namespace sgpsam {
namespace {

using Presence = CopiedTag::Presence;

constexpr CopiedTag kTags[] = {
    {0x0008, 0x0020, "DA", "StudyDate", Presence::kType2},
    {0x0008, 0x0030, "TM", "StudyTime", Presence::kType2},
    {0x0008, 0x0050, "SH", "AccessionNumber", Presence::kType2},
    {0x0008, 0x0090, "PN", "ReferringPhysicianName", Presence::kType2},
    {0x0008, 0x0201, "SH", "TimezoneOffsetFromUTC", Presence::kWithValue},
    {0x0008, 0x1030, "LO", "StudyDescription", Presence::kType3},
    {0x0008, 0x1048, "PN", "PhysiciansOfRecord", Presence::kType3},
    {0x0008, 0x1080, "LO", "AdmittingDiagnosesDescription", Presence::kType3},
    {0x0010, 0x0010, "PN", "PatientName", Presence::kType2},
    {0x0010, 0x0020, "LO", "PatientID", Presence::kType2},
    {0x0010, 0x0021, "LO", "IssuerOfPatientID", Presence::kType3},
    {0x0010, 0x0030, "DA", "PatientBirthDate", Presence::kType2},
    {0x0010, 0x0032, "TM", "PatientBirthTime", Presence::kType3},
    {0x0010, 0x0040, "CS", "PatientSex", Presence::kType2},
    {0x0010, 0x1000, "LO", "OtherPatientIDs", Presence::kType3},
    {0x0010, 0x1001, "PN", "OtherPatientNames", Presence::kType3},
    {0x0010, 0x1010, "AS", "PatientAge", Presence::kType3},
    {0x0010, 0x1020, "DS", "PatientSize", Presence::kType3},
    {0x0010, 0x1030, "DS", "PatientWeight", Presence::kType3},
    {0x0010, 0x2160, "SH", "EthnicGroup", Presence::kType3},
    {0x0010, 0x2180, "SH", "Occupation", Presence::kType3},
    {0x0010, 0x21B0, "LT", "AdditionalPatientHistory", Presence::kType3},
    {0x0010, 0x4000, "LT", "PatientComments", Presence::kType3},
    {0x0012, 0x0010, "LO", "ClinicalTrialSponsorName", Presence::kWithValue},
    {0x0012, 0x0020, "LO", "ClinicalTrialProtocolID", Presence::kWithValue},
    {0x0012, 0x0021, "LO", "ClinicalTrialProtocolName", Presence::kWithValue},
    {0x0012, 0x0030, "LO", "ClinicalTrialSiteID", Presence::kWithValue},
    {0x0012, 0x0031, "LO", "ClinicalTrialSiteName", Presence::kWithValue},
    {0x0012, 0x0040, "LO", "ClinicalTrialSubjectID", Presence::kWithValue},
    {0x0012, 0x0042, "LO", "ClinicalTrialSubjectReadingID", Presence::kWithValue},
    {0x0012, 0x0050, "LO", "ClinicalTrialTimePointID", Presence::kWithValue},
    {0x0012, 0x0051, "ST", "ClinicalTrialTimePointDescription", Presence::kWithValue},
    {0x0012, 0x0062, "CS", "PatientIdentityRemoved", Presence::kWithValue},
    {0x0012, 0x0063, "LO", "DeidentificationMethod", Presence::kWithValue},
    {0x0020, 0x0010, "SH", "StudyID", Presence::kType2},
};

constexpr size_t kBytesOfACharacter = 2;  // in the code tables of ISO 2022

// An escape sequence is ASCII, yet changes what the bytes behind it mean.
bool IsPlainAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isascii(c) && c != 0x1B; });
}

bool AllDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// YYYYMMDD; the separators of older standards are dropped.
std::string ValidDate(absl::string_view value) {
  const std::string digits = absl::StrReplaceAll(value, {{".", ""}, {"-", ""}, {"/", ""}});
  if (digits.size() != 8 || !AllDigits(digits)) return "";
  const int month = (digits[4] - '0') * 10 + digits[5] - '0', day = (digits[6] - '0') * 10 + digits[7] - '0';
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 ? digits : "";
}

// HH[MM[SS[.FFFFFF]]]; the colons of older standards are dropped.
std::string ValidTime(absl::string_view value) {
  std::string time = absl::StrReplaceAll(value, {{":", ""}});
  const std::vector<std::string> parts = absl::StrSplit(time, '.');
  const std::string& clock = parts[0];
  if (parts.size() > 2 || !AllDigits(clock) || clock.size() > 6 || clock.size() % 2 != 0) return "";
  const int limits[] = {23, 59, 60};
  for (size_t n = 0; n < clock.size(); n += 2) {
    if ((clock[n] - '0') * 10 + clock[n + 1] - '0' > limits[n / 2]) return "";
  }
  const bool fraction = parts.size() == 2 && clock.size() == 6 && AllDigits(parts[1]) && parts[1].size() <= 6;
  return fraction ? time : clock;
}

// nnnD, nnnW, nnnM or nnnY; a bare number means years.
std::string ValidAge(absl::string_view value) {
  std::string age(value);
  const char unit = age.empty() ? '\0' : absl::ascii_toupper(age.back());
  if (absl::StrContains("DWMY", absl::string_view(&unit, 1))) age.pop_back();
  if (!AllDigits(age) || age.size() > 3) return "";
  age.insert(0, 3 - age.size(), '0');
  return absl::StrCat(age, AllDigits(absl::string_view(&value.back(), 1)) ? "Y" : std::string(1, unit));
}

std::string ValidSex(absl::string_view value) {
  const std::string upper = absl::AsciiStrToUpper(value);
  if (upper == "M" || upper == "MALE") return "M";
  if (upper == "F" || upper == "FEMALE") return "F";
  if (upper == "O" || upper == "OTHER") return "O";
  return "";
}

std::string ValidCode(absl::string_view value) {
  const std::string upper = absl::AsciiStrToUpper(value);
  for (absl::string_view part : absl::StrSplit(upper, '\\')) {
    if (part.size() > 16) return "";
  }
  const bool valid = std::all_of(upper.begin(), upper.end(), [](char c) {
    return absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == ' ' || c == '_' || c == '\\';
  });
  return valid ? upper : "";
}

std::string ValidNumber(absl::string_view value) {
  const std::optional<std::string> number = NormalisedDs(value);
  return number && !absl::StrContains(*number, '\\') ? *number : "";
}

std::string ValidTimezone(absl::string_view value) {
  const bool valid = value.size() == 5 && (value[0] == '+' || value[0] == '-') &&
                     AllDigits(value.substr(1)) && value.substr(1, 2) <= "14" && value.substr(3, 2) <= "59";
  return valid ? std::string(value) : "";
}

// At most `limit` bytes, cut before a UTF-8 sequence that would be split.
absl::string_view Shortened(absl::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<uint8_t>(text[limit]) & 0xC0) == 0x80) --limit;
  return absl::StripTrailingAsciiWhitespace(text.substr(0, limit));
}

std::string WithoutControls(absl::string_view text, bool several_lines) {
  std::string clean;
  for (char c : text) {
    const bool line = several_lines && (c == '\n' || c == '\r' || c == '\f' || c == '\t');
    if (static_cast<uint8_t>(c) >= 0x20 || c == 0x1B || line) clean.push_back(c);
  }
  return clean;
}

struct TextRule {
  size_t limit;
  bool identifier;  // dropped rather than shortened
  bool several_values;
  bool paragraphs;  // ST and LT: line ends and backslashes are text
};

constexpr absl::string_view kSeveralValues =
    "OtherPatientIDs OtherPatientNames PhysiciansOfRecord AdmittingDiagnosesDescription "
    "DeidentificationMethod";

TextRule RuleOf(const CopiedTag& tag) {
  const absl::string_view name = tag.name, vr = tag.vr;
  const bool identifier =
      absl::EndsWith(name, "ID") || absl::EndsWith(name, "IDs") || name == "AccessionNumber";
  const size_t limit = vr == "SH" ? 16 : vr == "ST" ? 1024 : vr == "LT" ? 10240 : 64;
  return {limit, identifier, absl::StrContains(kSeveralValues, name), vr == "ST" || vr == "LT"};
}

std::string ValidText(const CopiedTag& tag, absl::string_view value, bool multi_byte) {
  const TextRule rule = RuleOf(tag);
  const std::string clean = WithoutControls(value, rule.paragraphs);
  // In ISO 2022 a byte of a two-byte character may look like a backslash: such texts are not taken apart.
  if (multi_byte) return clean.size() <= rule.limit * kBytesOfACharacter ? clean : "";
  if (rule.paragraphs) return std::string(Shortened(clean, rule.limit));
  std::vector<std::string> valid;
  for (absl::string_view part : absl::StrSplit(clean, '\\')) {
    part = absl::StripAsciiWhitespace(part);
    if (part.size() > rule.limit && rule.identifier) continue;
    valid.emplace_back(Shortened(part, rule.limit));
  }
  if (valid.size() > 1 && !rule.several_values) {
    return rule.identifier ? "" : std::string(Shortened(absl::StrJoin(valid, " "), rule.limit));
  }
  return absl::StrJoin(valid, "\\");
}

// Up to three component groups of at most 64 characters, each of up to five components.
std::string ValidName(absl::string_view name) {
  std::vector<std::string> groups = absl::StrSplit(name, '=');
  if (groups.size() > 3) groups.resize(3);
  for (std::string& group : groups) {
    std::vector<std::string> components = absl::StrSplit(group, '^');
    if (components.size() > 5) components.resize(5);
    group = std::string(Shortened(absl::StrJoin(components, "^"), 64));
  }
  return std::string(absl::StripAsciiWhitespace(absl::StrJoin(groups, "=")));
}

std::string ValidNames(const CopiedTag& tag, absl::string_view value, bool multi_byte) {
  const std::string clean = WithoutControls(value, false);
  if (multi_byte) return clean.size() <= 3 * 64 * kBytesOfACharacter ? clean : "";
  if (!RuleOf(tag).several_values) return ValidName(absl::StrReplaceAll(clean, {{"\\", " "}}));
  std::vector<std::string> names;
  for (absl::string_view name : absl::StrSplit(clean, '\\')) names.push_back(ValidName(name));
  return absl::StrJoin(names, "\\");
}

}  // namespace

absl::Span<const CopiedTag> CopiedTags() { return kTags; }

const CopiedTag* FindCopiedTag(uint16_t group, uint16_t element) {
  for (const CopiedTag& tag : kTags) {
    if (tag.group == group && tag.element == element) return &tag;
  }
  return nullptr;
}

std::string ValidValue(const CopiedTag& tag, absl::string_view value, bool iso_2022) {
  const bool multi_byte = iso_2022 && !IsPlainAscii(value);
  const absl::string_view text = TrimPadding(value), vr = tag.vr, name = tag.name;
  if (text.empty()) return "";
  if (vr == "DA") return ValidDate(text);
  if (vr == "TM") return ValidTime(text);
  if (vr == "AS") return ValidAge(text);
  if (vr == "DS") return ValidNumber(text);
  if (vr == "PN") return ValidNames(tag, text, multi_byte);
  if (name == "PatientSex") return ValidSex(text);
  if (name == "TimezoneOffsetFromUTC") return ValidTimezone(text);
  if (vr == "CS") return ValidCode(text);
  return ValidText(tag, text, multi_byte);
}

}  // namespace sgpsam
