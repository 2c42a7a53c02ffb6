// One value of a source's attribute as an object made from it may carry it: valid for its representation, and
// meaning the same. Nothing is cut or replaced: a value that cannot be kept has a reason. Pure functions.
#ifndef SGPSAM_CORE_DICOM_DERIVED_KEPT_VALUE_H_
#define SGPSAM_CORE_DICOM_DERIVED_KEPT_VALUE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sgpsam {

// `utf8` as it is where it is valid, without insignificant spaces; or the valid value that means the same
// ("10:15:00" becomes "101500"); or INVALID_ARGUMENT, whose message follows the attribute's name and
// never quotes the value: "has more than 16 characters". Limits count characters (PS3.5 table 6.2-1). `vr` is
// one of text or UI; `several`: the attribute may have several values, which all have to be kept. "" stays
// "".
absl::StatusOr<std::string> KeptValue(uint32_t tag, absl::string_view vr, bool several,
                                      absl::string_view utf8);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DERIVED_KEPT_VALUE_H_
