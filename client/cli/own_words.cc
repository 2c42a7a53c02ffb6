#include "client/cli/own_words.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace sgpsam::cli {
namespace {

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

std::string Options(absl::string_view message) {
  return absl::StrReplaceAll(message, {{"as NIfTI", "as NIfTI (--out NAME.nii.gz)"},
                                       {"MASK_FORMAT_NIFTI", "--out NAME.nii.gz"},
                                       {"MASK_FORMAT_DICOM_SEG", "--out NAME.dcm"},
                                       {"allow more, up to", "allow more with --max-patches, up to"},
                                       {"start a new target there", "start a new target there with --label"},
                                       {"inference.max_patches", "--max-patches"},
                                       {"inference.spacing_mm", "--spacing"},
                                       {"preprocessing.clamp_min", "--clamp's MIN"},
                                       {"clamp_max", "its MAX"},
                                       {"idempotency_key", "--idempotency-key"},
                                       {"previous_logits with their patch", "--previous-logits"}});
}

}  // namespace

std::string InOwnWords(absl::string_view message, const std::vector<client::Target>& targets) {
  const uint32_t number = TakeTarget(message);
  const std::string words = Options(message);
  if (number == 0 || targets.size() == 1) return words;
  if (number > targets.size()) return absl::StrCat("target ", number, ": ", words);
  return absl::StrCat("target ", number, " (", targets[number - 1].label, "): ", words);
}

}  // namespace sgpsam::cli
