// UIDs of our own: 2.25.<a UUID as a decimal number> (PS3.5 B.2), random or derived from a key. Never
// DCMTK's, which repeat between containers. Thread-safe.
#ifndef SGPSAM_CORE_DICOM_DATASET_UID_H_
#define SGPSAM_CORE_DICOM_DATASET_UID_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sgpsam {

// From the system's cryptographic random numbers (UUID version 4).
std::string RandomUid();

// The same for the same key, for others another one: the first half of SHA-256(key) as a UUID (version 8).
std::string DerivedUid(absl::string_view key);

// At most 64 characters, digits and dots only, no empty or zero-led component (PS3.5 9.1).
bool IsUid(absl::string_view text);

// As IsUid, but components may begin with a zero: what some scanners and anonymisers write. Such a UID can be
// referred to as it is; changed, it would name nothing.
bool IsUsableUid(absl::string_view text);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DATASET_UID_H_
