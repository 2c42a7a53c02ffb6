// What a thing of known shape covers on a grid, before it is painted: how far each voxel lies in it, and
// whether it belongs to it. Pure functions.
#ifndef SGPSAM_TOOLS_SYNTHESIZE_RASTER_H_
#define SGPSAM_TOOLS_SYNTHESIZE_RASTER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "tools/synthesize/body_point.h"
#include "tools/synthesize/canvas.h"

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

// `distance(point)` as in shapes.h, within `bounds`; the thing fades over `edge_mm` across its surface, and
// is `strength(point, distance)` strong inside.
template <typename Shape3d, typename Strength>
Raster Rasterise(const View& view, const Bounds& bounds, float edge_mm, const Shape3d& distance,
                 const Strength& strength) {
  const PartialVolume partial(view.spacing_mm, PartialVolume::kFineMm);
  const float share = 1 / static_cast<float>(partial.offsets().size());
  const VoxelRange range = VoxelsIn(view, bounds.Grown(edge_mm + partial.reach_mm()));
  Raster raster;
  float deepest = std::numeric_limits<float>::infinity();
  for (int64_t k = range.k0; k < range.k1; ++k) {
    for (int64_t j = range.j0; j < range.j1; ++j) {
      for (int64_t i = range.i0; i < range.i1; ++i) {
        const BodyPoint middle = view.At(i, j, k);
        const float here = distance(middle);
        if (here > 2 * (edge_mm + partial.reach_mm())) continue;
        float coverage = 0;
        RasterVoxel voxel{static_cast<uint32_t>(view.Offset(i, j, k))};
        for (const BodyPoint& offset : partial.offsets()) {
          const BodyPoint p = middle + offset;
          const float at = distance(p), opacity = std::clamp(0.5f - at / edge_mm, 0.0f, 1.0f);
          coverage += share * partial.Share(at);
          voxel.opacity += share * opacity;
          if (opacity > 0) voxel.strength += share * opacity * strength(p, at);
        }
        if (voxel.opacity <= 0) continue;
        voxel.labelled = coverage >= 0.5f;
        raster.labelled += voxel.labelled ? 1 : 0;
        if (voxel.labelled && here < deepest) {
          deepest = here;
          raster.deepest = voxel.voxel;
        }
        raster.voxels.push_back(voxel);
      }
    }
  }
  return raster;
}

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIZE_RASTER_H_
