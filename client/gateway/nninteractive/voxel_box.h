// A box of voxels of an image, in nnInteractive's order of axes.
//
// Everything in this folder counts axes as that protocol does: x, y, z are the first to the third axis of a
// C-ordered array, so that z changes fastest in memory. It says nothing of where they point to in a patient.
// Ours, i, j, k, has the fastest axis first (proto/sgpsam/v1/segmentation.proto), so that i is z, j is y and
// k is x, and the bytes of an array are those of our volume; ToIjk is the one place that turns them round.
#ifndef SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_VOXEL_BOX_H_
#define SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_VOXEL_BOX_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace sgpsam::gateway {

using Shape = std::array<uint32_t, 3>;  // voxels along x, y, z

inline uint64_t VoxelsOf(const Shape& shape) { return uint64_t{shape[0]} * shape[1] * shape[2]; }

// begin <= voxel < end on each axis.
struct VoxelBox {
  Shape begin{}, end{};

  Shape shape() const { return {end[0] - begin[0], end[1] - begin[1], end[2] - begin[2]}; }
  friend bool operator==(const VoxelBox& a, const VoxelBox& b) {
    return a.begin == b.begin && a.end == b.end;
  }
};

template <typename T>
std::array<T, 3> ToIjk(const std::array<T, 3>& xyz) {
  return {xyz[2], xyz[1], xyz[0]};
}

}  // namespace sgpsam::gateway

#endif  // SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_VOXEL_BOX_H_
