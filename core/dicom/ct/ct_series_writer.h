// A volume -> a CT series of single-frame files, clearly marked synthetic: what the demo segments and
// what tests read. Not for real patients: every object says so.
#ifndef SGPSAM_CORE_DICOM_CT_CT_SERIES_WRITER_H_
#define SGPSAM_CORE_DICOM_CT_CT_SERIES_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/volume/volume.h"

namespace sgpsam {

struct CtSeriesOptions {
  uint64_t seed = 1;  // names the study, series and instances: same seed, same UIDs
  std::string series_description = "SYNTHETIC CT";
};

// One Part 10 file (Explicit VR Little Endian) per slice, k ascending. The volume's samples must be
// int16 (HU). PatientName "SYNTHETIC^PHANTOM", PatientIdentityRemoved YES, ImageType DERIVED.
absl::StatusOr<std::vector<std::string>> WriteCtSeries(const Volume& volume, const CtSeriesOptions& options);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_CT_CT_SERIES_WRITER_H_
