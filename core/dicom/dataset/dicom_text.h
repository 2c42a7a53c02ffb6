// Text values of DICOM attributes, read tolerantly and written strictly, whatever the locale. Texts are
// UTF-8, their limits are in characters (PS3.5 table 6.2-1). Pure functions; bytes are hostile.
#ifndef SGPSAM_CORE_DICOM_DATASET_DICOM_TEXT_H_
#define SGPSAM_CORE_DICOM_DATASET_DICOM_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace sgpsam {

// Longer texts are no values of attributes that are copied, compared or shown here; they are refused before
// they are decoded or split. The longest that is copied as a single value, an LT, has 10,240 characters.
inline constexpr size_t kMaxTextBytes = size_t{64} << 10;

// Without leading spaces and trailing spaces and NULs.
absl::string_view TrimPadding(absl::string_view text);

// True if the bytes are well-formed UTF-8.
bool IsUtf8(absl::string_view text);

// Of well-formed UTF-8: its code points.
size_t CountCharacters(absl::string_view utf8);

// True if the text is well-formed UTF-8 without control characters; tabs and line ends pass in `paragraphs`.
bool IsPrintable(absl::string_view utf8, bool paragraphs = false);

// True for one value of LO or SH: printable, no backslash, at most `limit` characters.
bool IsShortText(absl::string_view utf8, size_t limit);

// True for one value of PN: printable, no backslash, up to three component groups of at most 64 characters,
// each of up to five components.
bool IsPersonName(absl::string_view utf8);

// True for one value of CS: 1 to 16 of A to Z, 0 to 9, space and underscore.
bool IsCodeString(absl::string_view text);

// One number as DS and IS have it, and as scanners write it: padded, longer than 16 characters, with a
// plus sign or a decimal comma. nullopt for an empty text, NaN, infinity or anything else after it.
std::optional<double> ParseNumber(absl::string_view text);

// All values of a multi-valued attribute; nullopt if one of them is not a number.
std::optional<std::vector<double>> ParseNumbers(absl::string_view text);

// The nearest number of at most 16 characters, as a DS value must have.
std::string FormatDs(double value);

// The text unchanged if each of its values is a valid DS; values that are numbers but not valid DS are
// written anew; nullopt if one is not a number.
std::optional<std::string> NormalisedDs(absl::string_view text);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DATASET_DICOM_TEXT_H_
