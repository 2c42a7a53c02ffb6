#include "core/transform/box_bits.h"

#include <algorithm>

namespace sgpsam {
namespace {

// Whether a voxel of the mask lies, within the volume, on one face of a cell.
bool TouchesFace(absl::Span<const uint8_t> bits, const LogitsBox& box, const std::array<int64_t, 3>& cell,
                 int axis, bool high) {
  const int64_t side = box.cell_voxels();
  const int u = (axis + 1) % 3, v = (axis + 2) % 3;
  const auto first = [&](int a) { return std::max(cell[a] * side, -box.placement.begin[a]); };
  const auto end = [&](int a) {
    return std::min((cell[a] + 1) * side, box.placement.grid.shape[a] - box.placement.begin[a]);
  };
  const int64_t face = (cell[axis] * side + (high ? side - 1 : 0)) * Stride(axis, box.voxels);
  for (int64_t p = first(u); p < end(u); ++p) {
    for (int64_t q = first(v); q < end(v); ++q) {
      if (BitAt(bits, face + p * Stride(u, box.voxels) + q * Stride(v, box.voxels))) return true;
    }
  }
  return false;
}

// The same for all cells of one layer across an axis whose neighbour on that side was not seen.
bool TouchesLayer(absl::Span<const uint8_t> bits, const LogitsBox& box, int axis, int64_t layer, bool high) {
  const bool inner = high ? layer + 1 < box.cells[axis] : layer > 0;
  if (inner && box.seen.empty()) return false;
  const int64_t side = box.cell_voxels();
  const int64_t behind = box.placement.begin[axis] + (high ? (layer + 1) * side : layer * side - 1);
  // Only where the volume goes on could the mask have gone on.
  if (behind < 0 || behind >= box.placement.grid.shape[axis]) return false;
  const int u = (axis + 1) % 3, v = (axis + 2) % 3;
  std::array<int64_t, 3> cell{}, next{};
  cell[axis] = layer;
  next[axis] = layer + (high ? 1 : -1);
  for (cell[u] = next[u] = 0; cell[u] < box.cells[u]; next[u] = ++cell[u]) {
    for (cell[v] = next[v] = 0; cell[v] < box.cells[v]; next[v] = ++cell[v]) {
      if (!box.Seen(cell[0], cell[1], cell[2]) || box.Seen(next[0], next[1], next[2])) continue;
      if (TouchesFace(bits, box, cell, axis, high)) return true;
    }
  }
  return false;
}

}  // namespace

BoxBounds BoundsOf(absl::Span<const uint8_t> bits, const LogitsBox& box) {
  BoxBounds bounds;
  const std::array<int64_t, 3>& voxels = box.voxels;
  const auto in_volume = [&](const std::array<int64_t, 3>& p) {
    for (int a = 0; a < 3; ++a) {
      const int64_t at = box.placement.begin[a] + p[a];
      if (at < 0 || at >= box.placement.grid.shape[a]) return false;
    }
    return true;
  };
  for (size_t byte = 0; byte < bits.size(); ++byte) {
    if (bits[byte] == 0) continue;
    for (int64_t n = static_cast<int64_t>(byte) * 8; n < static_cast<int64_t>(byte) * 8 + 8; ++n) {
      if (!BitAt(bits, n)) continue;
      const std::array<int64_t, 3> p{n / (voxels[1] * voxels[2]), n / voxels[2] % voxels[1], n % voxels[2]};
      if (!in_volume(p)) continue;
      for (int a = 0; a < 3; ++a) {
        bounds.low[a] = std::min(bounds.low[a], p[a]);
        bounds.high[a] = std::max(bounds.high[a], p[a]);
      }
    }
  }
  return bounds;
}

bool TouchesBorder(absl::Span<const uint8_t> bits, const BoxBounds& bounds, const LogitsBox& box) {
  const int64_t side = box.cell_voxels();
  for (int axis = 0; axis < 3; ++axis) {
    for (int64_t layer = 0; layer < box.cells[axis]; ++layer) {
      // What reaches no outer face of the cell needs no closer look.
      const int64_t first = layer * side, last = first + side - 1;
      if (bounds.low[axis] <= first && first <= bounds.high[axis] &&
          TouchesLayer(bits, box, axis, layer, false)) {
        return true;
      }
      if (bounds.low[axis] <= last && last <= bounds.high[axis] &&
          TouchesLayer(bits, box, axis, layer, true)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace sgpsam
