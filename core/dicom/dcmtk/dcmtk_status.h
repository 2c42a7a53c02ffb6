// The one door between DCMTK and the rest: its conditions become absl::Status, its logger is silenced
// (its messages quote attribute values), its decoders are registered and its dictionary is checked, once
// for the process. Thread-safe.
#ifndef SGPSAM_CORE_DICOM_DCMTK_DCMTK_STATUS_H_
#define SGPSAM_CORE_DICOM_DCMTK_DCMTK_STATUS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

class OFCondition;

namespace sgpsam {

// Call before the first use of DCMTK in every function that uses it. FAILED_PRECONDITION if DCMTK has no data
// dictionary, without which it would write attributes with wrong value representations.
absl::Status EnsureDcmtk();

// OK, RESOURCE_EXHAUSTED where DCMTK ran out of memory, or INTERNAL saying what was being done; DCMTK's own
// text is left out where it might quote values.
absl::Status FromDcmtk(const OFCondition& condition, absl::string_view doing);

// For what is read from outside: OK, RESOURCE_EXHAUSTED where DCMTK ran out of memory, else INVALID_ARGUMENT:
// `what` is damaged or truncated.
absl::Status FromDcmtkReading(const OFCondition& condition, absl::string_view what);

// Whether a JPEG decoder of DCMTK met coded data that are damaged or missing on this thread since the last
// call: it then fills the image with grey and reports success.
bool TakeJpegDamage();

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DCMTK_DCMTK_STATUS_H_
