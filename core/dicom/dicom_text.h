// Text values of DICOM attributes, read tolerantly and written strictly, whatever the locale.
// Pure functions; bytes are hostile.
#ifndef SGPSAM_CORE_DICOM_DICOM_TEXT_H_
#define SGPSAM_CORE_DICOM_DICOM_TEXT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace sgpsam {

// Without leading spaces and trailing spaces and NULs.
absl::string_view TrimPadding(absl::string_view text);

// One number as DS and IS have it, and as scanners write it: padded, longer than 16 characters, with a
// plus sign or a decimal comma. nullopt for an empty text, NaN, infinity or anything else behind it.
std::optional<double> ParseNumber(absl::string_view text);

// All values of a multi-valued attribute; nullopt if one of them is not a number.
std::optional<std::vector<double>> ParseNumbers(absl::string_view text);

// The nearest number of at most 16 characters, as a DS value must have.
std::string FormatDs(double value);

// The text unchanged if each of its values is a valid DS; values that are numbers but not valid DS are
// written anew; nullopt if one is not a number.
std::optional<std::string> NormalisedDs(absl::string_view text);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DICOM_TEXT_H_
