#include "tools/learn/evaluation/surface_dice.h"

#include <cstdint>
#include <vector>

#include "core/base/status_macros.h"
#include "core/volume/distance_map.h"
#include "core/volume/voxel_runs.h"
#include "tools/learn/evaluation/overlap.h"

namespace sgpsam {
namespace {

// One byte per voxel of the box, which holds the whole mask: 1 in its border.
std::vector<uint8_t> BorderIn(const VoxelBox& box, const Mask& mask) {
  const VoxelBox around = GrownByOne(box);  // the mask has no voxel in that rim: every neighbour can be read
  const std::vector<uint8_t> flags = FlagsIn(around, mask);
  const Shape size = box.shape();
  const int64_t row = around.shape().i, slice = row * around.shape().j;
  std::vector<uint8_t> border(static_cast<size_t>(size.voxels()));
  uint8_t* out = border.data();
  for (int64_t k = 0; k < size.k; ++k) {
    for (int64_t j = 0; j < size.j; ++j, out += size.i) {
      const uint8_t* in = flags.data() + (k + 1) * slice + (j + 1) * row + 1;
      for (int64_t i = 0; i < size.i; ++i) {
        const unsigned inside =
            in[i - 1] & in[i + 1] & in[i - row] & in[i + row] & in[i - slice] & in[i + slice];
        out[i] = static_cast<uint8_t>(in[i] & (inside ^ 1u));
      }
    }
  }
  return border;
}

struct Share {
  uint64_t within = 0, all = 0;
};

// How much of `border` lies within a distance of the sources.
Share ShareWithin(const std::vector<uint8_t>& border, const std::vector<uint8_t>& sources, const Shape& shape,
                  const std::array<double, 3>& spacing_mm, double squared_mm2) {
  const std::vector<float> distances = SquaredDistances(shape, sources, spacing_mm);
  Share share;
  for (size_t n = 0; n < border.size(); ++n) {
    if (border[n] == 0) continue;
    ++share.all;
    if (distances[n] <= squared_mm2) ++share.within;
  }
  return share;
}

}  // namespace

absl::StatusOr<double> SurfaceDice(const Mask& a, const Mask& b, const std::array<double, 3>& spacing_mm,
                                   double tolerance_mm) {
  RETURN_IF_ERROR(CheckSameShape(a, b));
  const VoxelBox box = Union(BoundingBox(RunsOf(a)), BoundingBox(RunsOf(b)));
  if (box.empty()) return 1;
  const std::vector<uint8_t> border_a = BorderIn(box, a), border_b = BorderIn(box, b);
  const double limit = tolerance_mm * (1 + 1e-6);
  const Share of_a = ShareWithin(border_a, border_b, box.shape(), spacing_mm, limit * limit);
  const Share of_b = ShareWithin(border_b, border_a, box.shape(), spacing_mm, limit * limit);
  return static_cast<double>(of_a.within + of_b.within) / static_cast<double>(of_a.all + of_b.all);
}

}  // namespace sgpsam
