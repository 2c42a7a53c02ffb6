// NIfTI-1 and NIfTI-2, single file, plain or gzip  <->  Volume, Mask. Pure functions; bytes are hostile.
// Source: the NIfTI-1 and NIfTI-2 header definitions (nifti.nimh.nih.gov).
#ifndef SGPSAM_CORE_RAW_NIFTI_H_
#define SGPSAM_CORE_RAW_NIFTI_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/byte_buffer.h"
#include "core/volume/mask.h"
#include "core/volume/volume.h"

namespace sgpsam {

struct NiftiLimits {
  uint64_t max_volume_bytes = uint64_t{8} << 30;   // inflated samples; a gzip bomb stops here
};

// Reads a 3D volume (a 4th axis of length 1 is accepted) in any sample type of SampleType, either byte
// order, sform preferred over qform, RAS turned into LPS. Slope and intercept other than 1, 0 give
// float32 samples, except where both are integers and the results fit an integer type of at most twice
// the size. INVALID_ARGUMENT says what is wrong: truncated, not NIfTI, RGB, complex, 4D, singular affine, NaN.
absl::StatusOr<Volume> ReadNifti(ByteBuffer bytes, const NiftiLimits& limits = {});

// .nii.gz of a label map (uint8): voxel value = 1-based index of the last mask that covers it.
// All masks have the geometry's shape; at most 255 of them.
absl::StatusOr<std::string> WriteNiftiLabels(const Geometry& geometry, absl::Span<const Mask* const> masks);

// Plain .nii of a volume in its own sample type.
absl::StatusOr<std::string> WriteNifti(const Volume& volume);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_RAW_NIFTI_H_
