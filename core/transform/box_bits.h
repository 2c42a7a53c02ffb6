// A mask on a box of canonical voxels, packed: bit (i*voxels[1] + j)*voxels[2] + k, least significant first.
// What restore.h turns logits into before they become a mask of the volume. Pure functions.
#ifndef SGPSAM_CORE_TRANSFORM_BOX_BITS_H_
#define SGPSAM_CORE_TRANSFORM_BOX_BITS_H_

#include <array>
#include <cstdint>

#include "absl/types/span.h"
#include "core/transform/logits_box.h"

namespace sgpsam {

inline bool BitAt(absl::Span<const uint8_t> bits, int64_t n) { return ((bits[n >> 3] >> (n & 7)) & 1) != 0; }

// Bits between neighbours along an axis.
inline int64_t Stride(int axis, const std::array<int64_t, 3>& voxels) {
  return axis == 0 ? voxels[1] * voxels[2] : axis == 1 ? voxels[2] : 1;
}

// What a mask covers of the volume, inclusive, by patch axis; empty if high < low. What lies in the padding
// around the volume is no part of it; the box's logits are not looked at.
struct BoxBounds {
  std::array<int64_t, 3> low{{INT64_MAX, INT64_MAX, INT64_MAX}};
  std::array<int64_t, 3> high{{-1, -1, -1}};
};
BoxBounds BoundsOf(absl::Span<const uint8_t> bits, const LogitsBox& box);

// Whether the mask may go on outside of what was seen: a voxel of it lies in the volume and on a face of a
// cell of `box` beyond which nothing was seen although the volume goes on. `bounds` are the mask's; the box's
// logits are not looked at.
bool TouchesBorder(absl::Span<const uint8_t> bits, const BoxBounds& bounds, const LogitsBox& box);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_BOX_BITS_H_
