// Exact Euclidean distances in mm, in time that is linear in the voxels looked at: the lower envelope of
// parabolas, one axis after the other (Felzenszwalb, Huttenlocher: Distance transforms of sampled functions,
// Theory of Computing 8, 2012). For surface distances and for how deep a voxel lies. Pure functions;
// thread-safe.
#ifndef SGPSAM_CORE_VOLUME_DISTANCE_MAP_H_
#define SGPSAM_CORE_VOLUME_DISTANCE_MAP_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/volume/mask.h"
#include "core/volume/voxel_runs.h"

namespace sgpsam {

// For each voxel of a grid, i fastest, the squared distance in mm² to the nearest source, 0 in a source;
// infinite everywhere if there is none. Sources are the voxels whose flag is not 0; there is one flag per
// voxel. Spacings are positive; between voxel centres, the axes taken as at right angles. Exact to the
// rounding of a float.
std::vector<float> SquaredDistances(const Shape& shape, absl::Span<const uint8_t> sources,
                                    const std::array<double, 3>& spacing_mm);

struct DistanceMap {
  VoxelBox box;
  std::vector<float> squared_mm2;  // of each voxel of the box, i fastest

  float squared_at(const Voxel& voxel) const {  // a voxel in the box
    const Shape size = box.shape();
    return squared_mm2[static_cast<size_t>(
        ((voxel.k - box.begin.k) * size.j + voxel.j - box.begin.j) * size.i + voxel.i - box.begin.i)];
  }
};

// The distance from each voxel of the box to the nearest voxel of the mask that lies in the box.
DistanceMap DistanceToMask(const Mask& mask, const VoxelBox& box, const std::array<double, 3>& spacing_mm);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_VOLUME_DISTANCE_MAP_H_
