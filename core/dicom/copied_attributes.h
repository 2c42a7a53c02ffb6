// Which attributes objects that are made from a series take over from it, and their values made valid:
// one malformed value in a source must neither spoil nor prevent a result. Pure functions.
#ifndef SGPSAM_CORE_DICOM_COPIED_ATTRIBUTES_H_
#define SGPSAM_CORE_DICOM_COPIED_ATTRIBUTES_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sgpsam {

struct CopiedTag {
  enum class Presence {
    kType2,      // in every result, empty if the source has no value
    kType3,      // in the result if in the source, perhaps empty
    kWithValue,  // in the result if the source has a value
  };

  uint16_t group, element;
  char vr[3];
  const char* name;
  Presence presence;
};

// Patient, patient study, general study, clinical trial and de-identification attributes (PS3.3 C.7.1,
// C.7.2), ascending.
absl::Span<const CopiedTag> CopiedTags();

// nullptr if the attribute is not copied.
const CopiedTag* FindCopiedTag(uint16_t group, uint16_t element);

// `value` if it is valid for the tag's representation, else the nearest valid value that means the same
// ("10:15:00" becomes "101500"), else empty. Identifiers are never shortened: half of one may be
// somebody else's. `iso_2022`: the source's character set may shift between code tables; texts that do
// so are kept or dropped whole.
std::string ValidValue(const CopiedTag& tag, absl::string_view value, bool iso_2022);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_COPIED_ATTRIBUTES_H_
