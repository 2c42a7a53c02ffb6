#include "client/cli/own_words.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/reason.h"

namespace sgpsam::cli {
namespace {

struct Words {
  absl::string_view of, words;
};

// What to type where the server gave this reason.
constexpr Words kTyped[] = {
    {"SEVERAL_SERIES", "--series UID|NUMBER"},     {"SERIES_NOT_FOUND", "--series UID|NUMBER"},
    {"NO_POSITIVE_PROMPT", "--point or --voxel"},  {"PROMPT_OUTSIDE_PATCH", "--label begins another target"},
    {"INVALID_LOGITS", "--previous-logits"},       {"SEG_NOT_POSSIBLE", "--out NAME.nii.gz"},
    {"UPRIGHT_NOT_POSSIBLE", "without --upright"},
};

// Where the server speaks of fields of the header and of nothing else, the whole text.
constexpr Words kInstead[] = {
    {"SEG_NEEDS_DICOM",
     "a DICOM-SEG needs a DICOM series as input; the mask can be had as NIfTI (--out NAME.nii.gz)"},
    {"NO_POSITIVE_PROMPT", "a target needs a point, a box, a line, a scribble, a mask, or --previous-logits"},
    {"CONFLICTING_PROMPTS", "a target takes --mask or --previous-logits, not both"},
};

// What to type where the client library says this of a connection.
constexpr Words kConnections[] = {
    {"trust the authority that signed", "--tls-ca"},
    {"connect without TLS", "without --tls-ca"},
    {"ask its callers for a certificate", "--tls-cert and --tls-key"},
    {"the certificate that was shown", "--tls-cert"},
};

// Which option sets a field of the header.
constexpr Words kOptions[] = {
    {"idempotency_key", "--idempotency-key"},
    {"inference.max_looks", "--max-looks"},
    {"inference.max_patches", "--max-patches"},
    {"inference.max_steps", "--max-steps"},
    {"inference.spacing_mm", "--spacing"},
    {"preprocessing.clamp_min", "--clamp"},
    {"priority", "--priority"},
    {"targets.label", "--label"},
    {"volume.dicom.series", "--series"},
    {"volume.modality", "--modality"},
};

// Which option sets an attribute of the DICOM-SEG's series.
constexpr Words kAttributes[] = {
    {"ContentCreatorName", "--creator"},     {"ContentLabel", "--content-label"},
    {"InstanceNumber", "--instance-number"}, {"SeriesDescription", "--series-description"},
    {"SeriesInstanceUID", "--series-uid"},   {"SeriesNumber", "--series-number"},
};

template <size_t count>
absl::string_view Find(const Words (&table)[count], absl::string_view of) {
  const auto* found =
      std::find_if(std::begin(table), std::end(table), [of](const Words& words) { return words.of == of; });
  return found == std::end(table) ? absl::string_view() : found->words;
}

// Takes "target N: " from the front of `message`; 0 if it does not begin so.
uint32_t TakeTarget(absl::string_view& message) {
  absl::string_view rest = message;
  if (!absl::ConsumePrefix(&rest, "target ")) return 0;
  size_t digits = 0;
  while (digits < rest.size() && absl::ascii_isdigit(static_cast<unsigned char>(rest[digits]))) ++digits;
  uint32_t number = 0;
  if (!absl::SimpleAtoi(rest.substr(0, digits), &number)) return 0;
  rest.remove_prefix(digits);
  if (!absl::ConsumePrefix(&rest, ": ")) return 0;
  message = rest;
  return number;
}

std::string OfTarget(uint32_t number, absl::string_view text, const std::vector<client::Target>& targets) {
  if (number == 0 || targets.size() == 1) return std::string(text);
  if (number > targets.size()) return absl::StrCat("target ", number, ": ", text);
  return absl::StrCat("target ", number, " (", targets[number - 1].label, "): ", text);
}

// `text` without the field that the server names: at its beginning, or in the brackets at its end.
std::string WithoutField(absl::string_view text, absl::string_view field, absl::string_view option) {
  if (field.empty()) return std::string(text);
  if (const size_t brackets = text.rfind(absl::StrCat(" (", field)); brackets != absl::string_view::npos) {
    text = text.substr(0, brackets);
  }
  if (option.empty() || !absl::ConsumePrefix(&text, field)) return std::string(text);
  return absl::StrCat(option, text);
}

std::string OptionOf(const absl::Status& error, absl::string_view field) {
  const absl::string_view attribute = Find(kAttributes, ReasonDetail(error, "attribute"));
  return std::string(attribute.empty() ? Find(kOptions, field) : attribute);
}

// An error of the connection has no reason, for no server gave one.
absl::string_view ConnectionOption(absl::string_view text) {
  const auto* found = std::find_if(std::begin(kConnections), std::end(kConnections),
                                   [text](const Words& words) { return absl::StrContains(text, words.of); });
  return found == std::end(kConnections) ? absl::string_view() : found->words;
}

std::string Typed(const absl::Status& error, absl::string_view text) {
  const std::string reason = client::ErrorReason(error), field = ReasonDetail(error, "field");
  const absl::string_view instead = field.empty() ? absl::string_view() : Find(kInstead, reason);
  if (!instead.empty()) return std::string(instead);
  const std::string option = reason.empty() ? std::string(ConnectionOption(text)) : OptionOf(error, field);
  const std::string mine = WithoutField(text, field, option);
  const absl::string_view typed = Find(kTyped, reason);
  const absl::string_view hint = typed.empty() ? absl::string_view(option) : typed;
  return hint.empty() || absl::StrContains(mine, hint) ? mine : absl::StrCat(mine, " (", hint, ")");
}

}  // namespace

std::string InOwnWords(absl::string_view warning, const std::vector<client::Target>& targets) {
  const uint32_t number = TakeTarget(warning);
  return OfTarget(number, warning, targets);
}

absl::Status InOwnWords(const absl::Status& error, const std::vector<client::Target>& targets) {
  absl::string_view text = error.message();
  const uint32_t number = TakeTarget(text);
  return WithMessage(error, OfTarget(number, Typed(error, text), targets));
}

}  // namespace sgpsam::cli
