#include "core/transform/axis_map.h"

#include <cmath>

namespace sgpsam {
namespace {

int64_t SizeAlong(const Shape& shape, int axis) {
  return axis == 0 ? shape.i : axis == 1 ? shape.j : shape.k;
}

bool Inside(double source, int64_t size) {
  const int64_t voxel = NearestVoxel(source);
  return voxel >= 0 && voxel < size;
}

PatchAxis MakePatchAxis(const Placement& placement, int source_axis, int64_t size) {
  const int axis = CanonicalAxisOf(placement.grid, source_axis);
  const double canonical_size = static_cast<double>(placement.grid.shape[axis]);
  PatchAxis result;
  result.patch_axis = axis;
  result.source.resize(placement.patch);
  bool found = false;
  for (int64_t p = 0; p < placement.patch; ++p) {
    std::array<double, 3> voxel{};
    voxel[axis] = static_cast<double>(p);
    const VoxelIndex source = PatchToSource(placement, voxel);
    result.source[p] = source_axis == 0 ? source.i : source_axis == 1 ? source.j : source.k;
    const double canonical = static_cast<double>(placement.begin[axis]) + static_cast<double>(p);
    if (canonical < 0 || canonical >= canonical_size || !Inside(result.source[p], size)) continue;
    if (!found) result.begin = p;
    found = true;
    result.end = p + 1;
  }
  return result;
}

SourceAxis MakeSourceAxis(const Placement& placement, const std::array<int64_t, 3>& voxels, int source_axis,
                          int64_t size) {
  SourceAxis result;
  result.patch_axis = CanonicalAxisOf(placement.grid, source_axis);
  result.patch_voxel.resize(size);
  bool found = false;
  for (int64_t n = 0; n < size; ++n) {
    const double along = static_cast<double>(n);
    const VoxelIndex source{source_axis == 0 ? along : 0, source_axis == 1 ? along : 0,
                            source_axis == 2 ? along : 0};
    const double coordinate = SourceToPatch(placement, source)[result.patch_axis];
    if (!Inside(coordinate, voxels[result.patch_axis])) continue;
    result.patch_voxel[n] = NearestVoxel(coordinate);
    if (!found) result.begin = n;
    found = true;
    result.end = n + 1;
  }
  return result;
}

}  // namespace

int64_t NearestVoxel(double coordinate) {
  const double nearest = std::floor(coordinate + 0.5 + kIndexTolerance);
  // Whatever is further away than any voxel may say so without overflowing.
  constexpr double kFar = 1e15;
  if (!(nearest > -kFar)) return static_cast<int64_t>(-kFar);
  return nearest < kFar ? static_cast<int64_t>(nearest) : static_cast<int64_t>(kFar);
}

int CanonicalAxisOf(const CanonicalGrid& grid, int source_axis) {
  for (int a = 0; a < 2; ++a) {
    if (grid.source_axis[a] == source_axis) return a;
  }
  return 2;
}

std::array<PatchAxis, 3> PatchAxes(const Placement& placement, const Shape& source) {
  std::array<PatchAxis, 3> axes;
  for (int s = 0; s < 3; ++s) axes[s] = MakePatchAxis(placement, s, SizeAlong(source, s));
  return axes;
}

std::array<SourceAxis, 3> SourceAxes(const Placement& placement, const std::array<int64_t, 3>& voxels,
                                     const Shape& source) {
  std::array<SourceAxis, 3> axes;
  for (int s = 0; s < 3; ++s) axes[s] = MakeSourceAxis(placement, voxels, s, SizeAlong(source, s));
  return axes;
}

}  // namespace sgpsam
