// Texts of our own beside texts copied from a source: one character set for both, and valid by length.
// Pure functions.
#ifndef SGPSAM_CORE_DICOM_DERIVED_TEXT_H_
#define SGPSAM_CORE_DICOM_DERIVED_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "core/dicom/series_info.h"

namespace sgpsam {

// What SpecificCharacterSet must say in an object that copies the series' attributes: the source's, as a
// rule; UTF-8 if the copied texts are ASCII, so that our own texts may be anything; UTF-8 or Latin-1, by
// their bytes, if the source names none although they are not ASCII.
std::string DerivedCharacterSet(const SeriesInfo& info);

// A UTF-8 text as it may stand in an object of that character set: one line, no backslash, at most `limit`
// bytes, '?' for what the character set cannot say.
std::string OwnText(absl::string_view utf8, size_t limit, absl::string_view character_set);

// True if the bytes are well-formed UTF-8.
bool IsUtf8(absl::string_view text);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DERIVED_TEXT_H_
