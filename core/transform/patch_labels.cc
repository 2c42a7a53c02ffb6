#include "core/transform/patch_labels.h"

#include <array>
#include <cstdint>

#include "core/transform/axis_map.h"

namespace sgpsam {

Mask PatchLabels(const Volume& labels, double label, const Placement& placement) {
  const Shape& shape = labels.geometry().shape();
  const auto axes = PatchAxes(placement, shape);
  const auto& along_i = axes[0];
  const auto& along_j = axes[1];
  const auto& along_k = axes[2];
  Mask mask(Shape{placement.patch, placement.patch, placement.patch});
  VisitSamples(labels, [&](const auto* samples) {
    std::array<int64_t, 3> voxel{};
    for (int64_t c = along_k.begin; c < along_k.end; ++c) {
      voxel[along_k.patch_axis] = c;
      const int64_t slice = NearestVoxel(along_k.source[c]) * shape.j;
      for (int64_t b = along_j.begin; b < along_j.end; ++b) {
        voxel[along_j.patch_axis] = b;
        const auto* row = samples + (slice + NearestVoxel(along_j.source[b])) * shape.i;
        for (int64_t a = along_i.begin; a < along_i.end; ++a) {
          if (static_cast<double>(row[NearestVoxel(along_i.source[a])]) != label) continue;
          voxel[along_i.patch_axis] = a;
          mask.Set(voxel[0], voxel[1], voxel[2]);
        }
      }
    }
  });
  return mask;
}

}  // namespace sgpsam
