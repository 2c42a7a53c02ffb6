// Declared shape and samples -> Volume: the raw door of the contract. Pure functions.
#ifndef SGPSAM_CORE_RAW_RAW_CODEC_H_
#define SGPSAM_CORE_RAW_RAW_CODEC_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/byte_buffer.h"
#include "core/volume/volume.h"

namespace sgpsam {

// proto RawVolume, in core's types. The lists' lengths are checked here, because they come from outside.
struct RawDescription {
  std::vector<uint32_t> shape;  // i, j, k
  SampleType sample_type = SampleType::kInt16;
  std::vector<double> spacing_mm;     // i, j, k
  std::vector<double> origin_lps;     // empty: 0,0,0
  std::vector<double> direction_lps;  // row-major 3x3, column c = direction of index c; empty: identity
};

// The geometry that is described. INVALID_ARGUMENT for wrong lengths, sizes whose product overflows,
// NaN or non-positive spacing, a singular direction, or columns that are not right-angled unit vectors
// (1e-3).
absl::StatusOr<Geometry> RawGeometry(const RawDescription& description);

// Exact payload size in bytes of a valid description; checked without overflow.
absl::StatusOr<uint64_t> RawPayloadBytes(const RawDescription& description);

// Takes the samples over without copying them.
absl::StatusOr<Volume> ReadRaw(const RawDescription& description, ByteBuffer samples);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_RAW_RAW_CODEC_H_
