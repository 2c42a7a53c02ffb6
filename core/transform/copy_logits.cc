#include "core/transform/copy_logits.h"

#include <array>
#include <cstdint>

#include "core/transform/axis_map.h"
#include "core/volume/interpolate.h"

namespace sgpsam {
namespace {

// Where a cell's centre lies among the cells of `found` along one axis.
struct CellTap {
  int64_t nearest = 0;
  Tap<float> tap;
};

std::vector<CellTap> MakeTaps(const LogitsBox& found, const Placement& placement, int64_t logits_side,
                              int axis) {
  const double from_cell = static_cast<double>(found.cell_voxels());
  const int64_t cell_voxels = placement.patch / logits_side;
  const double to_cell = static_cast<double>(cell_voxels);
  std::vector<CellTap> taps(logits_side);
  for (int64_t c = 0; c < logits_side; ++c) {
    std::array<double, 3> voxel{};
    voxel[axis] = (static_cast<double>(c) + 0.5) * to_cell - 0.5;
    const double in_box = SourceToPatch(found.placement, PatchToSource(placement, voxel))[axis];
    const double exact = (in_box + 0.5) / from_cell - 0.5;
    taps[c] = {NearestVoxel(exact), TapAt<float>(exact, found.cells[axis])};
  }
  return taps;
}

float Sample(const LogitsBox& box, const Tap<float>& i, const Tap<float>& j, const Tap<float>& k) {
  const auto row = [&](int64_t ci, int64_t cj) {
    return Lerp(box.values[box.Offset(ci, cj, k.lo)], box.values[box.Offset(ci, cj, k.hi)], k.weight);
  };
  const auto plane = [&](int64_t ci) { return Lerp(row(ci, j.lo), row(ci, j.hi), j.weight); };
  return Lerp(plane(i.lo), plane(i.hi), i.weight);
}

}  // namespace

PatchMask CopyLogits(const LogitsBox& found, const Placement& placement, int64_t logits_side,
                     std::vector<float>& logits) {
  const std::vector<CellTap> i_taps = MakeTaps(found, placement, logits_side, 0);
  const std::vector<CellTap> j_taps = MakeTaps(found, placement, logits_side, 1);
  const std::vector<CellTap> k_taps = MakeTaps(found, placement, logits_side, 2);
  PatchMask inside(logits_side);
  for (int64_t i = 0; i < logits_side; ++i) {
    for (int64_t j = 0; j < logits_side; ++j) {
      for (int64_t k = 0; k < logits_side; ++k) {
        if (!found.Seen(i_taps[i].nearest, j_taps[j].nearest, k_taps[k].nearest)) continue;
        const float value = Sample(found, i_taps[i].tap, j_taps[j].tap, k_taps[k].tap);
        logits[(i * logits_side + j) * logits_side + k] = value;
        if (value > 0) inside.Set({i, j, k});
      }
    }
  }
  return inside;
}

}  // namespace sgpsam
