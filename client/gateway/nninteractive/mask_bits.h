// Masks of an image: one bit a voxel, least significant first, in the order of the image's samples, which is
// how the server takes and gives them. Pure functions; bits beyond the last voxel are 0.
#ifndef SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_MASK_BITS_H_
#define SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_MASK_BITS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "client/gateway/nninteractive/voxel_box.h"

namespace sgpsam::gateway {

// From one byte a voxel: what is not 0 is marked.
std::string PackBits(absl::string_view voxels);

// One byte a voxel of `box`, 0 or 1, z fastest. `bits` may be empty: nothing is marked.
std::string VoxelsIn(absl::string_view bits, const Shape& shape, const VoxelBox& box);

// The smallest box around the voxels in which two masks of one image differ; nothing if they do not. Each may
// be empty.
std::optional<VoxelBox> BoxOfChanges(absl::string_view before, absl::string_view after, const Shape& shape);

// The same around all that is marked.
inline std::optional<VoxelBox> BoxOfMarks(absl::string_view bits, const Shape& shape) {
  return BoxOfChanges("", bits, shape);
}

}  // namespace sgpsam::gateway

#endif  // SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_MASK_BITS_H_
