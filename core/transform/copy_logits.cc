#include "core/transform/copy_logits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "core/transform/axis_map.h"

namespace sgpsam {
namespace {

// Where a cell's centre lies among the cells of `found` along one axis.
struct Tap {
  int64_t nearest = 0;
  int64_t lo = 0, hi = 0;
  float weight = 0;
};

std::vector<Tap> MakeTaps(const LogitsBox& found, const Placement& placement, int64_t logits_side, int axis) {
  const double from_cell = static_cast<double>(found.cell_voxels());
  const int64_t cell_voxels = placement.patch / logits_side;
  const double to_cell = static_cast<double>(cell_voxels);
  std::vector<Tap> taps(logits_side);
  for (int64_t c = 0; c < logits_side; ++c) {
    std::array<double, 3> voxel{};
    voxel[axis] = (static_cast<double>(c) + 0.5) * to_cell - 0.5;
    const double in_box = SourceToPatch(found.placement, PatchToSource(placement, voxel))[axis];
    const double exact = (in_box + 0.5) / from_cell - 0.5;
    Tap& tap = taps[c];
    tap.nearest = NearestVoxel(exact);
    tap.lo = std::clamp<int64_t>(static_cast<int64_t>(std::floor(exact)), 0, found.cells[axis] - 1);
    tap.hi = std::min(tap.lo + 1, found.cells[axis] - 1);
    tap.weight = static_cast<float>(std::clamp(exact - static_cast<double>(tap.lo), 0.0, 1.0));
  }
  return taps;
}

float Lerp(float a, float b, float weight) { return a + (b - a) * weight; }

float Sample(const LogitsBox& box, const Tap& i, const Tap& j, const Tap& k) {
  const auto row = [&](int64_t ci, int64_t cj) {
    return Lerp(box.values[box.Offset(ci, cj, k.lo)], box.values[box.Offset(ci, cj, k.hi)], k.weight);
  };
  const auto plane = [&](int64_t ci) { return Lerp(row(ci, j.lo), row(ci, j.hi), j.weight); };
  return Lerp(plane(i.lo), plane(i.hi), i.weight);
}

}  // namespace

PatchMask CopyLogits(const LogitsBox& found, const Placement& placement, int64_t logits_side,
                     std::vector<float>& logits) {
  const std::vector<Tap> i_taps = MakeTaps(found, placement, logits_side, 0);
  const std::vector<Tap> j_taps = MakeTaps(found, placement, logits_side, 1);
  const std::vector<Tap> k_taps = MakeTaps(found, placement, logits_side, 2);
  PatchMask inside(logits_side);
  for (int64_t i = 0; i < logits_side; ++i) {
    for (int64_t j = 0; j < logits_side; ++j) {
      for (int64_t k = 0; k < logits_side; ++k) {
        if (!found.Seen(i_taps[i].nearest, j_taps[j].nearest, k_taps[k].nearest)) continue;
        const float value = Sample(found, i_taps[i], j_taps[j], k_taps[k]);
        logits[(i * logits_side + j) * logits_side + k] = value;
        if (value > 0) inside.Set({i, j, k});
      }
    }
  }
  return inside;
}

}  // namespace sgpsam
