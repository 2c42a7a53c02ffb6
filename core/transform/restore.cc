#include "core/transform/restore.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/status_macros.h"
#include "core/transform/axis_map.h"

namespace sgpsam {
namespace {

// Between which two cells of the decoder's grid a patch coordinate lies (align_corners = false).
struct Tap {
  int64_t lo = 0, hi = 0;
  float weight = 0;
};

std::vector<Tap> MakeTaps(int64_t patch, int64_t side) {
  std::vector<Tap> taps(patch);
  const double scale = static_cast<double>(side) / static_cast<double>(patch);
  for (int64_t p = 0; p < patch; ++p) {
    const double source = std::max(0.0, (static_cast<double>(p) + 0.5) * scale - 0.5);
    taps[p].lo = std::min(static_cast<int64_t>(source), side - 1);
    taps[p].hi = std::min(taps[p].lo + 1, side - 1);
    taps[p].weight = static_cast<float>(source - static_cast<double>(taps[p].lo));
  }
  return taps;
}

float Lerp(float a, float b, float weight) { return a + (b - a) * weight; }

// Calls visit(i, j, row) for every patch row along k; `row` still has the decoder's cells along k, so
// that the visitor can leave out rows whose cells already tell the answer.
template <typename Visitor>
void VisitUpsampledRows(const MaskLogits& logits, const PatchSizes& sizes, const std::vector<Tap>& taps,
                        Visitor&& visit) {
  const int64_t side = sizes.logits_side;
  std::vector<float> plane(side * side), row(side);
  for (int64_t i = 0; i < sizes.patch; ++i) {
    const float* a = logits.values.data() + taps[i].lo * side * side;
    const float* b = logits.values.data() + taps[i].hi * side * side;
    for (int64_t n = 0; n < side * side; ++n) plane[n] = Lerp(a[n], b[n], taps[i].weight);
    for (int64_t j = 0; j < sizes.patch; ++j) {
      const float* c = plane.data() + taps[j].lo * side;
      const float* d = plane.data() + taps[j].hi * side;
      for (int64_t n = 0; n < side; ++n) row[n] = Lerp(c[n], d[n], taps[j].weight);
      visit(i, j, row);
    }
  }
}

bool BitAt(absl::Span<const uint8_t> bits, int64_t n) { return ((bits[n >> 3] >> (n & 7)) & 1) != 0; }

// What a patch mask covers, inclusive, by patch axis; empty if high < low.
struct PatchBounds {
  std::array<int64_t, 3> low{{INT64_MAX, INT64_MAX, INT64_MAX}};
  std::array<int64_t, 3> high{{-1, -1, -1}};
};

PatchBounds BoundsOf(absl::Span<const uint8_t> bits, int64_t patch) {
  PatchBounds bounds;
  for (size_t byte = 0; byte < bits.size(); ++byte) {
    if (bits[byte] == 0) continue;
    for (int64_t n = static_cast<int64_t>(byte) * 8; n < static_cast<int64_t>(byte) * 8 + 8; ++n) {
      if (!BitAt(bits, n)) continue;
      const std::array<int64_t, 3> p{n / (patch * patch), n / patch % patch, n % patch};
      for (int a = 0; a < 3; ++a) {
        bounds.low[a] = std::min(bounds.low[a], p[a]);
        bounds.high[a] = std::max(bounds.high[a], p[a]);
      }
    }
  }
  return bounds;
}

// The source indices of an axis whose patch voxels lie within [low, high].
void Narrow(SourceAxis& axis, int64_t low, int64_t high) {
  const auto outside = [&](int64_t n) { return axis.patch_voxel[n] < low || axis.patch_voxel[n] > high; };
  while (axis.begin < axis.end && outside(axis.begin)) ++axis.begin;
  while (axis.begin < axis.end && outside(axis.end - 1)) --axis.end;
}

int64_t PatchStride(int axis, int64_t patch) { return axis == 0 ? patch * patch : axis == 1 ? patch : 1; }

// Patch offsets of a source axis's indices.
std::vector<int64_t> Offsets(const SourceAxis& axis, int64_t patch) {
  std::vector<int64_t> offsets(axis.patch_voxel.size());
  const int64_t stride = PatchStride(axis.patch_axis, patch);
  for (int64_t n = axis.begin; n < axis.end; ++n) offsets[n] = axis.patch_voxel[n] * stride;
  return offsets;
}

// Whether a voxel of the mask lies on the patch's face `high` of `axis`, within the volume.
bool TouchesFace(absl::Span<const uint8_t> bits, const Placement& placement, int axis, bool high) {
  const int64_t patch = placement.patch;
  const int u = (axis + 1) % 3, v = (axis + 2) % 3;
  const auto first = [&](int a) { return std::max<int64_t>(0, -placement.begin[a]); };
  const auto end = [&](int a) { return std::min(patch, placement.grid.shape[a] - placement.begin[a]); };
  const int64_t face = (high ? patch - 1 : 0) * PatchStride(axis, patch);
  for (int64_t p = first(u); p < end(u); ++p) {
    for (int64_t q = first(v); q < end(v); ++q) {
      if (BitAt(bits, face + p * PatchStride(u, patch) + q * PatchStride(v, patch))) return true;
    }
  }
  return false;
}

bool TouchesBorder(absl::Span<const uint8_t> bits, const Placement& placement) {
  for (int axis = 0; axis < 3; ++axis) {
    // Only where the volume goes on behind the face could the mask have gone on.
    const bool low_inside = placement.begin[axis] > 0 && placement.begin[axis] < placement.grid.shape[axis];
    const int64_t end = placement.begin[axis] + placement.patch;
    const bool high_inside = end > 0 && end < placement.grid.shape[axis];
    if (low_inside && TouchesFace(bits, placement, axis, false)) return true;
    if (high_inside && TouchesFace(bits, placement, axis, true)) return true;
  }
  return false;
}

}  // namespace

std::vector<uint8_t> PatchMaskBits(const MaskLogits& logits, const PatchSizes& sizes) {
  std::vector<uint8_t> bits((sizes.patch_floats() + 7) / 8);
  const std::vector<Tap> taps = MakeTaps(sizes.patch, sizes.logits_side);
  VisitUpsampledRows(logits, sizes, taps, [&](int64_t i, int64_t j, const std::vector<float>& row) {
    if (*std::max_element(row.begin(), row.end()) <= 0) return;
    int64_t n = (i * sizes.patch + j) * sizes.patch;
    unsigned byte = bits[n >> 3];
    for (const Tap& tap : taps) {
      byte |= static_cast<unsigned>(Lerp(row[tap.lo], row[tap.hi], tap.weight) > 0) << (n & 7);
      if ((++n & 7) != 0) continue;
      bits[(n >> 3) - 1] = static_cast<uint8_t>(byte);
      byte = 0;
    }
    if ((n & 7) != 0) bits[n >> 3] = static_cast<uint8_t>(byte);
  });
  return bits;
}

RestoredMask RestorePatchMask(absl::Span<const uint8_t> patch_bits, const Placement& placement,
                              const Geometry& geometry) {
  RestoredMask restored;
  restored.mask = Mask(geometry.shape());
  const PatchBounds bounds = BoundsOf(patch_bits, placement.patch);
  if (bounds.high[0] < 0) return restored;
  std::array<SourceAxis, 3> axes = SourceAxes(placement, geometry.shape());
  std::array<std::vector<int64_t>, 3> offsets;
  for (int s = 0; s < 3; ++s) {
    Narrow(axes[s], bounds.low[axes[s].patch_axis], bounds.high[axes[s].patch_axis]);
    offsets[s] = Offsets(axes[s], placement.patch);
  }
  std::vector<uint8_t> flags(axes[0].end - axes[0].begin);
  int64_t row = -1;  // whose flags these are: neighbours in the volume often lie in the same patch row
  for (int64_t k = axes[2].begin; k < axes[2].end; ++k) {
    for (int64_t j = axes[1].begin; j < axes[1].end; ++j) {
      if (row != offsets[2][k] + offsets[1][j]) {
        row = offsets[2][k] + offsets[1][j];
        for (size_t n = 0; n < flags.size(); ++n) {
          flags[n] = BitAt(patch_bits, row + offsets[0][axes[0].begin + static_cast<int64_t>(n)]) ? 1 : 0;
        }
      }
      restored.mask.SetRow(axes[0].begin, j, k, flags);
    }
  }
  restored.touches_patch_border = TouchesBorder(patch_bits, placement);
  return restored;
}

RestoredMask RestoreMask(const MaskLogits& logits, const PatchSizes& sizes, const Placement& placement,
                         const Geometry& geometry) {
  return RestorePatchMask(PatchMaskBits(logits, sizes), placement, geometry);
}

absl::StatusOr<ByteBuffer> RestoreProbabilities(const MaskLogits& logits, const PatchSizes& sizes,
                                                const Placement& placement, const Geometry& geometry) {
  const Shape& shape = geometry.shape();
  ASSIGN_OR_RETURN(ByteBuffer buffer,
                   ByteBuffer::Zeroed(static_cast<size_t>(shape.voxels()) * sizeof(float)));
  std::vector<float> patch(sizes.patch_floats());
  const std::vector<Tap> taps = MakeTaps(sizes.patch, sizes.logits_side);
  VisitUpsampledRows(logits, sizes, taps, [&](int64_t i, int64_t j, const std::vector<float>& row) {
    float* out = patch.data() + (i * sizes.patch + j) * sizes.patch;
    for (int64_t k = 0; k < sizes.patch; ++k) {
      out[k] = 1 / (1 + std::exp(-Lerp(row[taps[k].lo], row[taps[k].hi], taps[k].weight)));
    }
  });
  const std::array<SourceAxis, 3> axes = SourceAxes(placement, shape);
  const std::array<std::vector<int64_t>, 3> offsets{
      Offsets(axes[0], sizes.patch), Offsets(axes[1], sizes.patch), Offsets(axes[2], sizes.patch)};
  auto* out = reinterpret_cast<float*>(buffer.data());
  for (int64_t k = axes[2].begin; k < axes[2].end; ++k) {
    for (int64_t j = axes[1].begin; j < axes[1].end; ++j) {
      const float* from = patch.data() + offsets[2][k] + offsets[1][j];
      float* to = out + (k * shape.j + j) * shape.i;
      for (int64_t i = axes[0].begin; i < axes[0].end; ++i) to[i] = from[offsets[0][i]];
    }
  }
  return buffer;
}

}  // namespace sgpsam
