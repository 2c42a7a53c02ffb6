// How the axes of a volume and of a patch lie along each other, coordinate by coordinate. The patch's
// grid is parallel to the volume's, so every move of values between them is three small tables.
// For placement, prepare and restore, which share its rounding rules. Pure functions.
//
// The rules are SimpleITK's: a sample lies inside a grid from -0.5 to size - 0.5, the upper end
// excluded; nearest neighbour rounds halves up.
#ifndef SGPSAM_CORE_TRANSFORM_AXIS_MAP_H_
#define SGPSAM_CORE_TRANSFORM_AXIS_MAP_H_

#include <array>
#include <cstdint>
#include <vector>

#include "core/transform/placement.h"
#include "core/volume/geometry.h"

namespace sgpsam {

// Coordinates this close to a half count as the half, whatever the rounding errors of the spacing.
inline constexpr double kIndexTolerance = 1e-6;

// The voxel whose centre is nearest, halves up.
int64_t NearestVoxel(double coordinate);

// The canonical axis that runs along a source axis.
int CanonicalAxisOf(const CanonicalGrid& grid, int source_axis);

// What a patch reads along one source axis: for patch coordinate p in [begin, end) the continuous
// source index source[p]; coordinates outside [begin, end) read padding.
struct PatchAxis {
  int patch_axis = 0;
  int64_t begin = 0, end = 0;
  std::vector<double> source;
};

// By source axis.
std::array<PatchAxis, 3> PatchAxes(const Placement& placement, const Shape& source);

// What a volume reads of a box along one source axis: for source index n in [begin, end) the box's
// coordinate patch_voxel[n]; source indices outside [begin, end) lie outside the box.
struct SourceAxis {
  int patch_axis = 0;
  int64_t begin = 0, end = 0;
  std::vector<int64_t> patch_voxel;
};

// By source axis. The box begins where the placement does and has `voxels` by patch axis: one patch or more.
std::array<SourceAxis, 3> SourceAxes(const Placement& placement, const std::array<int64_t, 3>& voxels,
                                     const Shape& source);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_AXIS_MAP_H_
