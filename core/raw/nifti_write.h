// Volume, Mask  ->  NIfTI-1, single file, plain or gzip. Pure functions.
// Source: the NIfTI-1 header definition (nifti.nimh.nih.gov).
#ifndef SGPSAM_CORE_RAW_NIFTI_WRITE_H_
#define SGPSAM_CORE_RAW_NIFTI_WRITE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/volume/geometry.h"
#include "core/volume/mask.h"
#include "core/volume/volume.h"

namespace sgpsam {

// .nii.gz of a label map (uint8): voxel value = 1-based index of the last mask that covers it.
// INVALID_ARGUMENT unless all masks have the geometry's shape and there are at most 255 of them.
// sform and qform are both written, except that axes not at right angles have no qform. The same
// input gives the same bytes.
absl::StatusOr<std::string> WriteNiftiLabels(const Geometry& geometry, absl::Span<const Mask* const> masks);

// Plain .nii of a volume in its own sample type.
absl::StatusOr<std::string> WriteNifti(const Volume& volume);
// The same as .nii.gz. The same volume gives the same bytes.
absl::StatusOr<std::string> WriteNiftiGz(const Volume& volume);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_RAW_NIFTI_WRITE_H_
