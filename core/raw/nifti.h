// NIfTI-1 and NIfTI-2, single file, plain or gzip  ->  Volume. Pure functions; bytes are hostile.
// Source: the NIfTI-1 and NIfTI-2 header definitions (nifti.nimh.nih.gov).
#ifndef SGPSAM_CORE_RAW_NIFTI_H_
#define SGPSAM_CORE_RAW_NIFTI_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/base/byte_buffer.h"
#include "core/volume/volume.h"

namespace sgpsam {

struct NiftiLimits {
  uint64_t max_volume_bytes =
      kMaxVolumeBytes;  // inflated, as floats if they are scaled; a gzip bomb stops here
};

// Reads a 3D volume (further axes of length 1 are accepted) in any sample type of SampleType or 64-bit
// integers that fit 32 bits, either byte order. sform is preferred over qform over pixdim alone (then
// the axes are taken for L, P, S); RAS becomes LPS, metres and micrometres become millimetres. Slope and
// intercept other than 1, 0 give float32 samples (float64 of float64). All this is as ITK does it, so
// that the model sees what the reference saw.
// Plain files are read in place; of a gzip file no more is inflated than its header announces.
// INVALID_ARGUMENT says what is wrong: truncated, not NIfTI, RGB, complex, 4D, singular affine, NaN in
// the affine, larger than the limits. NaN samples are left to PreparePatch, which looks at its region
// only.
absl::StatusOr<Volume> ReadNifti(ByteBuffer bytes, const NiftiLimits& limits = {});

// One of the volumes along an image's fourth axis (an MRI's sequences): which one, from 0, of how many.
struct NiftiVolumeChoice {
  int64_t number = 0, of = 1;  // 0 <= number < of
};

// As ReadNifti, of such an image; the limits are one volume's. OUT_OF_RANGE if the image has another number
// of volumes. Nothing after the chosen one is looked at.
absl::StatusOr<Volume> ReadNiftiVolume(ByteBuffer bytes, const NiftiVolumeChoice& choice,
                                       const NiftiLimits& limits = {});

}  // namespace sgpsam

#endif  // SGPSAM_CORE_RAW_NIFTI_H_
