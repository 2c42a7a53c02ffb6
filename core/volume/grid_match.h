// Whether a label's voxels are an image's voxels, and which one is which. Pure functions.
#ifndef SGPSAM_CORE_VOLUME_GRID_MATCH_H_
#define SGPSAM_CORE_VOLUME_GRID_MATCH_H_

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "core/volume/geometry.h"
#include "core/volume/mask.h"

namespace sgpsam {

// Label voxel i, j, k is the image's voxel number first + i*strides[0] + j*strides[1] + k*strides[2].
struct GridMap {
  int64_t first = 0;
  std::array<int64_t, 3> strides{};
};

// A label whose axes are the image's in another order or direction is the same grid and is mapped.
// INVALID_ARGUMENT says what differs, shape, direction, spacing or origin, and by how much: no voxel may lie
// further than `tolerance` voxels from the image's along any of its axes.
absl::StatusOr<GridMap> MatchGrids(const Geometry& label, const Geometry& image, double tolerance);

// What masks of other programs may be off by, so that rounded headers pass: in voxels.
inline constexpr double kMaskGridTolerance = 0.1;

// The same mask on the image's grid; `map` is MatchGrids' for the grid of `mask` and an image of that shape.
Mask MaskOnGrid(const Mask& mask, const GridMap& map, const Shape& image);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_VOLUME_GRID_MATCH_H_
