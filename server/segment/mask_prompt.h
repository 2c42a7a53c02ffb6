// Masks and scribbles as they travel (zlib over packed bits, with their shape) -> Mask, ScribblePrompt.
// Pure functions; bytes are hostile.
#ifndef SGPSAM_SERVER_SEGMENT_MASK_PROMPT_H_
#define SGPSAM_SERVER_SEGMENT_MASK_PROMPT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/transform/prompts.h"
#include "core/volume/mask.h"
#include "core/volume/voxel_runs.h"

namespace sgpsam {

// Which index of a voxel changes from one bit to the next.
enum class AxisOrder { kIFastest, kKFastest };

struct DeflatedMask {
  std::string zlib_bits;
  Shape shape;  // as its maker says: compared with the volume's before anything is inflated
  AxisOrder order = AxisOrder::kIFastest;
};

// INVALID_ARGUMENT unless the mask has the volume's `shape` and its bytes are one zlib stream that inflates
// to exactly one bit a voxel. Never writes more than that, so a bomb costs what an honest mask costs.
absl::StatusOr<Mask> InflateMask(const Shape& shape, const DeflatedMask& deflated);

// The most voxels of the part of a volume that a scribble comes with: 64 MiB inflated.
inline constexpr int64_t kMaxScribblePart = int64_t{1} << 29;

struct DeflatedScribble {
  DeflatedMask part;  // of the volume
  Voxel first;        // where in the volume it begins
  bool positive = true;
};

// INVALID_ARGUMENT, what can be told before anything is inflated: an axis of the part that is not 1 voxel or
// more, a part larger than kMaxScribblePart.
absl::Status CheckPart(const DeflatedScribble& scribble);

// INVALID_ARGUMENT unless the part, which CheckPart took, lies in a volume of `shape`, its bytes are as
// InflateMask wants them, and it marks at most `most` voxels: what a target's other scribbles have left.
absl::StatusOr<ScribblePrompt> InflateScribble(const Shape& shape, const DeflatedScribble& scribble,
                                               uint64_t most = kMaxScribbleVoxels);

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SEGMENT_MASK_PROMPT_H_
