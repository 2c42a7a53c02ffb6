// A mask prompt as it travels (zlib over packed bits, with its shape) -> Mask. Pure functions; bytes are
// hostile.
#ifndef SGPSAM_SERVER_SEGMENT_MASK_PROMPT_H_
#define SGPSAM_SERVER_SEGMENT_MASK_PROMPT_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/volume/mask.h"

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

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SEGMENT_MASK_PROMPT_H_
