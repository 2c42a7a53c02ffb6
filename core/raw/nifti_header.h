// The header of a NIfTI-1 or NIfTI-2 file, checked and brought to one form: what nifti.h reads with.
// Source: nifti1.h and nifti2.h (nifti.nimh.nih.gov). Pure functions; bytes are hostile.
#ifndef SGPSAM_CORE_RAW_NIFTI_HEADER_H_
#define SGPSAM_CORE_RAW_NIFTI_HEADER_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/volume/geometry.h"

namespace sgpsam {

// Datatype codes of the NIfTI standard that this project reads.
enum class NiftiType : int16_t {
  kUint8 = 2,
  kInt16 = 4,
  kInt32 = 8,
  kFloat32 = 16,
  kFloat64 = 64,
  kInt8 = 256,
  kUint16 = 512,
  kUint32 = 768,
  kInt64 = 1024,
  kUint64 = 1280,
};

size_t BytesPerSample(NiftiType type);

struct NiftiHeader {
  // Enough bytes for either version's header.
  static constexpr size_t kBytes = 540;
  // Samples start at most here: after the header and its extensions.
  static constexpr uint64_t kMaxOffset = uint64_t{64} << 20;
  // What NIfTI-1 can say; NIfTI-2 is held to it, so that no size overflows.
  static constexpr int64_t kMaxVolumes = 32767;

  bool swapped = false;  // byte order other than this machine's
  NiftiType type = NiftiType::kInt16;
  uint64_t sample_offset = 352;
  double slope = 1, intercept = 0;  // 1, 0: unscaled
  Geometry geometry;                // LPS
  int64_t volumes = 1;              // along the fourth axis, one after the other
};

// `start`: the file's first bytes, kBytes of them or the whole file. INVALID_ARGUMENT as ReadNifti,
// but for images of more than one volume.
absl::StatusOr<NiftiHeader> ParseNiftiHeader(absl::string_view start);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_RAW_NIFTI_HEADER_H_
