// A mask as its runs of voxels along i, and the box around them: what makes the work on a lesion cost as
// much as the lesion and not as the volume. Pure functions; thread-safe.
#ifndef SGPSAM_CORE_VOLUME_VOXEL_RUNS_H_
#define SGPSAM_CORE_VOLUME_VOXEL_RUNS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/volume/geometry.h"
#include "core/volume/mask.h"

namespace sgpsam {

struct Voxel {
  int64_t i = 0, j = 0, k = 0;
  friend bool operator==(const Voxel& a, const Voxel& b) { return a.i == b.i && a.j == b.j && a.k == b.k; }
};

// The voxels (begin..end - 1, j, k). Axes have at most Geometry::kMaxAxis voxels.
struct VoxelRun {
  int32_t begin = 0, end = 0, j = 0, k = 0;
};

// Voxels from begin to before end on each axis; may reach beyond the volume.
struct VoxelBox {
  Voxel begin, end;
  Shape shape() const { return {end.i - begin.i, end.j - begin.j, end.k - begin.k}; }
  bool empty() const { return end.i <= begin.i || end.j <= begin.j || end.k <= begin.k; }
  friend bool operator==(const VoxelBox& a, const VoxelBox& b) {
    return a.begin == b.begin && a.end == b.end;
  }
};

// The longest possible runs, in the order of the mask's bits; 16 bytes for each.
std::vector<VoxelRun> RunsOf(const Mask& mask);

// The same of the voxels in a box, which may reach beyond the volume; costs what the box does.
std::vector<VoxelRun> RunsIn(const VoxelBox& box, const Mask& mask);

// The mask that has these runs, which lie inside `shape`.
Mask MaskOf(const Shape& shape, absl::Span<const VoxelRun> runs);

// The runs of a set of voxels: the longest possible, none of them twice, in the order of a mask's bits. The
// runs given may overlap and lie in any order.
std::vector<VoxelRun> Ordered(std::vector<VoxelRun> runs);

// Of two sets whose runs are as RunsOf and Ordered give them, the voxels that lie in either, in both,
// and in the first alone; as they are given.
std::vector<VoxelRun> UnionOf(absl::Span<const VoxelRun> a, absl::Span<const VoxelRun> b);
std::vector<VoxelRun> InBoth(absl::Span<const VoxelRun> a, absl::Span<const VoxelRun> b);
std::vector<VoxelRun> InFirstAlone(absl::Span<const VoxelRun> a, absl::Span<const VoxelRun> b);

// The voxels of a set that lie in a box, and whether a set has a voxel; both in the order of RunsOf.
std::vector<VoxelRun> Inside(const VoxelBox& box, absl::Span<const VoxelRun> runs);
bool Holds(absl::Span<const VoxelRun> runs, const Voxel& voxel);

uint64_t CountVoxels(absl::Span<const VoxelRun> runs);

// The smallest box with all of the runs; 0,0,0 to 0,0,0 of none.
VoxelBox BoundingBox(absl::Span<const VoxelRun> runs);

// The smallest box with both; an empty one adds nothing.
VoxelBox Union(const VoxelBox& a, const VoxelBox& b);

// With one voxel more on every side.
VoxelBox GrownByOne(const VoxelBox& box);

// One byte per voxel of the box, i fastest: 1 in the mask; 0 outside of it and beyond the volume.
std::vector<uint8_t> FlagsIn(const VoxelBox& box, const Mask& mask);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_VOLUME_VOXEL_RUNS_H_
