#include "core/transform/restore.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/base/status_macros.h"
#include "core/transform/axis_map.h"
#include "core/transform/box_bits.h"
#include "core/volume/interpolate.h"

namespace sgpsam {
namespace {

// Between which two cells of the decoder's grid each voxel lies (align_corners = false).
std::vector<Tap<float>> MakeTaps(int64_t voxels, int64_t cells) {
  std::vector<Tap<float>> taps(voxels);
  const double scale = static_cast<double>(cells) / static_cast<double>(voxels);
  for (int64_t p = 0; p < voxels; ++p) {
    taps[p] = TapAt<float>((static_cast<double>(p) + 0.5) * scale - 0.5, cells);
  }
  return taps;
}

// Calls visit(i, j, row, taps) for every row of voxels along k with i in [begin, end). `row` still has the
// decoder's cells along k, so that the visitor can leave out rows whose cells already tell the answer.
template <typename Visitor>
void VisitUpsampledRows(const LogitsBox& logits, int64_t begin, int64_t end, Visitor&& visit) {
  const auto& [rows, columns, depth] = logits.cells;
  const std::vector<Tap<float>> i_taps = MakeTaps(logits.voxels[0], rows);
  const std::vector<Tap<float>> j_taps = MakeTaps(logits.voxels[1], columns);
  const std::vector<Tap<float>> k_taps = MakeTaps(logits.voxels[2], depth);
  std::vector<float> plane(columns * depth), row(depth);
  for (int64_t i = begin; i < end; ++i) {
    const float* a = logits.values.data() + i_taps[i].lo * columns * depth;
    const float* b = logits.values.data() + i_taps[i].hi * columns * depth;
    for (int64_t n = 0; n < columns * depth; ++n) plane[n] = Lerp(a[n], b[n], i_taps[i].weight);
    for (int64_t j = 0; j < logits.voxels[1]; ++j) {
      const float* c = plane.data() + j_taps[j].lo * depth;
      const float* d = plane.data() + j_taps[j].hi * depth;
      for (int64_t n = 0; n < depth; ++n) row[n] = Lerp(c[n], d[n], j_taps[j].weight);
      visit(i, j, row, k_taps);
    }
  }
}

// Calls visit(i, j, k, count) for every run along k of voxels with i in [begin, end) that were not seen.
template <typename Visitor>
void VisitUnseenRuns(const LogitsBox& box, int64_t begin, int64_t end, Visitor&& visit) {
  if (box.seen.empty()) return;
  const int64_t side = box.cell_voxels();
  for (int64_t i = begin; i < end; ++i) {
    for (int64_t j = 0; j < box.voxels[1]; ++j) {
      for (int64_t cell = 0; cell < box.cells[2]; ++cell) {
        if (!box.Seen(i / side, j / side, cell)) visit(i, j, cell * side, side);
      }
    }
  }
}

// The source indices of an axis whose voxels in the box lie within [low, high].
void Narrow(SourceAxis& axis, int64_t low, int64_t high) {
  const auto outside = [&](int64_t n) { return axis.patch_voxel[n] < low || axis.patch_voxel[n] > high; };
  while (axis.begin < axis.end && outside(axis.begin)) ++axis.begin;
  while (axis.begin < axis.end && outside(axis.end - 1)) --axis.end;
}

// Offsets in the box of a source axis's indices.
std::vector<int64_t> Offsets(const SourceAxis& axis, const std::array<int64_t, 3>& voxels) {
  std::vector<int64_t> offsets(axis.patch_voxel.size());
  const int64_t stride = Stride(axis.patch_axis, voxels);
  for (int64_t n = axis.begin; n < axis.end; ++n) offsets[n] = axis.patch_voxel[n] * stride;
  return offsets;
}

std::vector<uint8_t> MaskBits(const LogitsBox& logits) {
  const int64_t height = logits.voxels[0], width = logits.voxels[1], depth = logits.voxels[2];
  std::vector<uint8_t> bits((height * width * depth + 7) / 8);
  VisitUpsampledRows(logits, 0, height, [&](int64_t i, int64_t j, const auto& row, const auto& taps) {
    if (*std::max_element(row.begin(), row.end()) <= 0) return;
    int64_t n = (i * width + j) * depth;
    unsigned byte = bits[n >> 3];
    for (const Tap<float>& tap : taps) {
      byte |= static_cast<unsigned>(Lerp(row[tap.lo], row[tap.hi], tap.weight) > 0) << (n & 7);
      if ((++n & 7) != 0) continue;
      bits[(n >> 3) - 1] = static_cast<uint8_t>(byte);
      byte = 0;
    }
    if ((n & 7) != 0) bits[n >> 3] = static_cast<uint8_t>(byte);
  });
  VisitUnseenRuns(logits, 0, height, [&](int64_t i, int64_t j, int64_t k, int64_t count) {
    for (int64_t n = (i * width + j) * depth + k, end = n + count; n < end; ++n) {
      bits[n >> 3] = static_cast<uint8_t>(bits[n >> 3] & ~(1u << (n & 7)));
    }
  });
  return bits;
}

// `box` says where the mask lies and what was seen; its logits are not looked at.
// `empty` is a mask of the volume that marks nothing.
RestoredMask RestoreBits(absl::Span<const uint8_t> bits, const LogitsBox& box, const Geometry& geometry,
                         Mask empty) {
  RestoredMask restored;
  restored.mask = std::move(empty);
  const BoxBounds bounds = BoundsOf(bits, box);
  if (bounds.high[0] < 0) return restored;
  for (int a = 0; a < 3; ++a) {
    restored.low[a] = box.placement.begin[a] + bounds.low[a];
    restored.high[a] = box.placement.begin[a] + bounds.high[a];
  }
  std::array<SourceAxis, 3> axes = SourceAxes(box.placement, box.voxels, geometry.shape());
  std::array<std::vector<int64_t>, 3> offsets;
  for (int s = 0; s < 3; ++s) {
    Narrow(axes[s], bounds.low[axes[s].patch_axis], bounds.high[axes[s].patch_axis]);
    offsets[s] = Offsets(axes[s], box.voxels);
  }
  restored.box = {{axes[0].begin, axes[1].begin, axes[2].begin}, {axes[0].end, axes[1].end, axes[2].end}};
  std::vector<uint8_t> flags(axes[0].end - axes[0].begin);
  int64_t row = -1;  // whose flags these are: neighbours in the volume often lie in the same row of the box
  for (int64_t k = axes[2].begin; k < axes[2].end; ++k) {
    for (int64_t j = axes[1].begin; j < axes[1].end; ++j) {
      if (row != offsets[2][k] + offsets[1][j]) {
        row = offsets[2][k] + offsets[1][j];
        for (size_t n = 0; n < flags.size(); ++n) {
          flags[n] = BitAt(bits, row + offsets[0][axes[0].begin + static_cast<int64_t>(n)]) ? 1 : 0;
        }
      }
      restored.mask.SetRow(axes[0].begin, j, k, flags);
    }
  }
  restored.touches_patch_border = TouchesBorder(bits, bounds, box);
  return restored;
}

// Planes along i that are upsampled at a time: few enough to hold for several patches, enough to write runs.
constexpr int64_t kSlab = 64;

// Fills `slab` with planes [begin, end) of the box, each value as `to_value` makes it of the upsampled one.
template <typename ToValue>
void Upsample(const LogitsBox& logits, int64_t begin, int64_t end, const ToValue& to_value,
              std::vector<float>& slab) {
  const int64_t width = logits.voxels[1], depth = logits.voxels[2];
  slab.resize((end - begin) * width * depth);
  const auto row_at = [&](int64_t i, int64_t j) { return slab.data() + ((i - begin) * width + j) * depth; };
  VisitUpsampledRows(logits, begin, end, [&](int64_t i, int64_t j, const auto& row, const auto& taps) {
    float* out = row_at(i, j);
    for (int64_t k = 0; k < depth; ++k) {
      out[k] = to_value(Lerp(row[taps[k].lo], row[taps[k].hi], taps[k].weight));
    }
  });
  VisitUnseenRuns(logits, begin, end, [&](int64_t i, int64_t j, int64_t k, int64_t count) {
    std::fill_n(row_at(i, j) + k, count, 0.0f);
  });
}

// Writes the volume's voxels that lie in planes [begin, end) of the box.
void WriteSlab(const std::vector<float>& slab, std::array<SourceAxis, 3> axes,
               const std::array<int64_t, 3>& voxels, int64_t begin, int64_t end, const Shape& shape,
               float* out) {
  std::array<std::vector<int64_t>, 3> offsets;
  for (int s = 0; s < 3; ++s) {
    if (axes[s].patch_axis == 0) Narrow(axes[s], begin, end - 1);
    offsets[s] = Offsets(axes[s], voxels);
  }
  const int64_t skipped = begin * Stride(0, voxels);
  for (int64_t k = axes[2].begin; k < axes[2].end; ++k) {
    for (int64_t j = axes[1].begin; j < axes[1].end; ++j) {
      const int64_t from = offsets[2][k] + offsets[1][j] - skipped;
      float* to = out + (k * shape.j + j) * shape.i;
      for (int64_t i = axes[0].begin; i < axes[0].end; ++i) to[i] = slab[from + offsets[0][i]];
    }
  }
}

// Upsampled values on the volume's grid; 0 outside of what was seen.
template <typename ToValue>
absl::StatusOr<ByteBuffer> RestoreValues(const LogitsBox& box, const Geometry& geometry,
                                         const ToValue& to_value) {
  const Shape& shape = geometry.shape();
  ASSIGN_OR_RETURN(ByteBuffer buffer,
                   ByteBuffer::Zeroed(static_cast<size_t>(shape.voxels()) * sizeof(float)));
  if (box.values.empty()) return buffer;
  auto* out = reinterpret_cast<float*>(buffer.data());
  const std::array<SourceAxis, 3> axes = SourceAxes(box.placement, box.voxels, shape);
  std::vector<float> slab;
  for (int64_t begin = 0; begin < box.voxels[0]; begin += kSlab) {
    const int64_t end = std::min(begin + kSlab, box.voxels[0]);
    Upsample(box, begin, end, to_value, slab);
    WriteSlab(slab, axes, box.voxels, begin, end, shape, out);
  }
  return buffer;
}

}  // namespace

RestoredMask RestoreMask(const LogitsBox& logits, const Geometry& geometry) {
  return RestoreMaskInto(Mask(geometry.shape()), logits, geometry);
}

RestoredMask RestoreMaskInto(Mask empty, const LogitsBox& logits, const Geometry& geometry) {
  return RestoreBits(MaskBits(logits), logits, geometry, std::move(empty));
}

std::vector<uint8_t> PatchMaskBits(const MaskLogits& logits, const PatchSizes& sizes) {
  return MaskBits(OnePatch(logits.values, sizes, {}));
}

RestoredMask RestorePatchMask(absl::Span<const uint8_t> patch_bits, const Placement& placement,
                              const Geometry& geometry) {
  LogitsBox box;
  box.placement = placement;
  box.voxels.fill(placement.patch);
  box.cells.fill(1);
  return RestoreBits(patch_bits, box, geometry, Mask(geometry.shape()));
}

bool TouchesBorder(const Mask& mask, const VoxelBox& box, const LogitsBox& logits, const Geometry& geometry) {
  std::vector<uint8_t> bits(
      static_cast<size_t>((logits.voxels[0] * logits.voxels[1] * logits.voxels[2] + 7) / 8));
  const std::array<SourceAxis, 3> axes = SourceAxes(logits.placement, logits.voxels, geometry.shape());
  std::array<std::vector<int64_t>, 3> offsets;
  for (int s = 0; s < 3; ++s) offsets[s] = Offsets(axes[s], logits.voxels);
  for (const VoxelRun& run : RunsIn(box, mask)) {
    if (run.j < axes[1].begin || run.j >= axes[1].end || run.k < axes[2].begin || run.k >= axes[2].end)
      continue;
    const int64_t row = offsets[2][run.k] + offsets[1][run.j];
    for (int64_t i = std::max<int64_t>(run.begin, axes[0].begin); i < std::min<int64_t>(run.end, axes[0].end);
         ++i) {
      const int64_t n = row + offsets[0][i];
      bits[n >> 3] = static_cast<uint8_t>(bits[n >> 3] | 1u << (n & 7));
    }
  }
  return TouchesBorder(bits, BoundsOf(bits, logits), logits);
}

absl::StatusOr<ByteBuffer> RestoreProbabilities(const LogitsBox& logits, const Geometry& geometry) {
  return RestoreValues(logits, geometry, [](float logit) { return 1 / (1 + std::exp(-logit)); });
}

absl::StatusOr<ByteBuffer> RestoreSpread(const LogitsBox& spread, const Geometry& geometry) {
  return RestoreValues(spread, geometry, [](float value) { return value; });
}

}  // namespace sgpsam
