// Whether a label's voxels are an image's voxels, and which one is which. A pure function.
#ifndef SGPSAM_CORE_CASES_GRID_MATCH_H_
#define SGPSAM_CORE_CASES_GRID_MATCH_H_

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "core/volume/geometry.h"

namespace sgpsam {

// Label voxel i, j, k is the image's voxel number first + i*strides[0] + j*strides[1] + k*strides[2].
struct GridMap {
  int64_t first = 0;
  std::array<int64_t, 3> strides{};
};

// A label whose axes are the image's in another order or direction is the same grid and is mapped.
// INVALID_ARGUMENT says what differs, shape, direction, spacing or origin, and by how much; each of the
// latter three may move no voxel by more than `tolerance` voxels.
absl::StatusOr<GridMap> MatchGrids(const Geometry& label, const Geometry& image, double tolerance);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CASES_GRID_MATCH_H_
