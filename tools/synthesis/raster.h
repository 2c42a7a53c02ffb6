// What a thing of known shape covers on a grid, before it is painted: how far each voxel lies in it, and
// whether it belongs to it. Pure functions.
#ifndef SGPSAM_TOOLS_SYNTHESIS_RASTER_H_
#define SGPSAM_TOOLS_SYNTHESIS_RASTER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "tools/synthesis/body_point.h"
#include "tools/synthesis/canvas.h"

namespace sgpsam::synthesis {

struct RasterVoxel {
  uint32_t voxel = 0;     // offset in the view, which has fewer than 2^32 voxels
  bool labelled = false;  // at least half of it is covered
  float opacity = 0;      // 0 to 1: how much of what was there is replaced, over a soft edge
  float strength = 0;     // opacity times how strongly the thing shows itself there
};

struct Raster {
  std::vector<RasterVoxel> voxels;
  size_t labelled = 0;
  uint32_t deepest = 0;  // the labelled voxel that lies farthest inside
};

// One voxel, as the mean over its sub-voxels. `strength` is asked only where something is seen.
template <typename Shape3d, typename Strength>
RasterVoxel RasteriseEdge(const PartialVolume& partial, const BodyPoint& middle, float edge_mm,
                          const Shape3d& distance, const Strength& strength) {
  const float share = 1 / static_cast<float>(partial.offsets().size());
  RasterVoxel voxel;
  float coverage = 0;
  for (const BodyPoint& offset : partial.offsets()) {
    const BodyPoint p = middle + offset;
    const float at = distance(p), opacity = std::clamp(0.5f - at / edge_mm, 0.0f, 1.0f);
    coverage += share * partial.Share(at);
    voxel.opacity += share * opacity;
    if (opacity > 0) voxel.strength += share * opacity * strength(p, at);
  }
  voxel.labelled = coverage >= 0.5f;
  return voxel;
}

// `distance(point)` as in shapes.h, within `bounds`; the thing fades over `edge_mm` across its surface, and
// is `strength(point, distance)` strong inside.
template <typename Shape3d, typename Strength>
Raster Rasterise(const View& view, const Bounds& bounds, float edge_mm, const Shape3d& distance,
                 const Strength& strength) {
  const PartialVolume partial(view.spacing_mm, PartialVolume::kFineMm);
  const float near = 1.5f * (0.5f * edge_mm + partial.reach_mm());  // beyond it, voxels are full or empty
  const VoxelRange range = VoxelsIn(view, bounds.Grown(near));
  Raster raster;
  float deepest = std::numeric_limits<float>::infinity();
  for (int64_t k = range.k0; k < range.k1; ++k) {
    for (int64_t j = range.j0; j < range.j1; ++j) {
      for (int64_t i = range.i0; i < range.i1; ++i) {
        const BodyPoint middle = view.At(i, j, k);
        const float here = distance(middle);
        if (here > near) continue;
        RasterVoxel voxel = here < -near ? RasterVoxel{0, true, 1, strength(middle, here)}
                                         : RasteriseEdge(partial, middle, edge_mm, distance, strength);
        if (voxel.opacity <= 0) continue;
        voxel.voxel = static_cast<uint32_t>(view.Offset(i, j, k));
        raster.voxels.push_back(voxel);
        if (!voxel.labelled) continue;
        ++raster.labelled;
        if (here >= deepest) continue;
        deepest = here;
        raster.deepest = voxel.voxel;
      }
    }
  }
  return raster;
}

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_RASTER_H_
