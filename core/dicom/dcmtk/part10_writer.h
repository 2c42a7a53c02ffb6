// A DCMTK data set -> the bytes of a Part 10 file, Explicit VR Little Endian, in memory. Reentrant.
#ifndef SGPSAM_CORE_DICOM_DCMTK_PART10_WRITER_H_
#define SGPSAM_CORE_DICOM_DCMTK_PART10_WRITER_H_

#include <string>

#include "absl/status/statusor.h"

class DcmFileFormat;

namespace sgpsam {

// The same data set always gives the same bytes.
absl::StatusOr<std::string> SerialisePart10(DcmFileFormat& file);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DCMTK_PART10_WRITER_H_
