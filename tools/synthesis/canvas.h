// A grid of noiseless HU and of structures, painted from back to front, with partial volume: a voxel that a
// shape covers in part takes the shape's HU in that part, and its structure if that is at least half.
// One thread at a time.
#ifndef SGPSAM_TOOLS_SYNTHESIS_CANVAS_H_
#define SGPSAM_TOOLS_SYNTHESIS_CANVAS_H_

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/byte_buffer.h"
#include "core/volume/geometry.h"
#include "tools/synthesis/body_point.h"
#include "tools/synthesis/shapes.h"
#include "tools/synthesis/structures.h"

namespace sgpsam::synthesis {

// The part of the body that a volume shows, axes along x, y, z.
struct View {
  Shape shape;
  std::array<float, 3> spacing_mm{};
  BodyPoint first;  // the middle of the first voxel

  BodyPoint At(int64_t i, int64_t j, int64_t k) const {
    return {first.x + spacing_mm[0] * static_cast<float>(i), first.y + spacing_mm[1] * static_cast<float>(j),
            first.z + spacing_mm[2] * static_cast<float>(k)};
  }
  size_t Offset(int64_t i, int64_t j, int64_t k) const {
    return static_cast<size_t>((k * shape.j + j) * shape.i + i);
  }
  size_t voxels() const { return static_cast<size_t>(shape.voxels()); }
  // Faces of the outer voxels.
  Bounds bounds() const;
};

// The voxels i0 <= i < i1 and so on.
struct VoxelRange {
  int64_t i0 = 0, i1 = 0, j0 = 0, j1 = 0, k0 = 0, k1 = 0;
};
// Those of the view whose middle lies in the bounds.
VoxelRange VoxelsIn(const View& view, const Bounds& bounds);

// How much of a voxel a shape covers: the mean over sub-voxels, each with an edge that is as wide as it is.
class PartialVolume {
 public:
  static constexpr float kCoarseMm = 1.7f;  // for organs and vessels: half the cost
  static constexpr float kFineMm = 1.1f;    // for what is labelled and may be as small as 4 mm

  // `sub_voxel_mm`: about how long the sides of a sub-voxel are.
  PartialVolume(const std::array<float, 3>& spacing_mm, float sub_voxel_mm);

  // Farther than this from a surface, a voxel is full or empty.
  float reach_mm() const { return reach_mm_; }
  // Offsets of the sub-voxels' middles.
  const std::vector<BodyPoint>& offsets() const { return offsets_; }
  // Share of a sub-voxel whose middle is `distance` mm outside the surface (negative: inside).
  float Share(float distance) const { return std::clamp(0.5f - distance * per_edge_, 0.0f, 1.0f); }

 private:
  std::vector<BodyPoint> offsets_;
  float reach_mm_ = 0;
  float per_edge_ = 1;
};

// What a shape is filled with, and over what.
struct Ink {
  float hu = 0;
  Structure structure = Structure::kFat;
  StructureSet over = StructureSet::All();
};

// What fills a shape that is `grown` mm larger (smaller if negative) than the one that is given.
struct Layer {
  float grown = 0;
  Ink ink;
};

class Canvas {
 public:
  static constexpr size_t kMaxLayers = 4;
  static constexpr float kSteepest = 1.4f;  // of shapes with deformed surfaces

  // All air, outside. RESOURCE_EXHAUSTED if there is no memory.
  static absl::StatusOr<Canvas> Create(const View& view);

  const View& view() const { return view_; }
  float* hu() { return reinterpret_cast<float*>(hu_.data()); }
  uint8_t* structures() { return structures_.data(); }
  const float* hu() const { return reinterpret_cast<const float*>(hu_.data()); }
  const uint8_t* structures() const { return structures_.data(); }
  // Gives the structures up; the canvas keeps the HU.
  ByteBuffer TakeStructures() { return std::move(structures_); }

  // Fills a shape with up to kMaxLayers layers, the outermost first. `distance(point)`: signed mm, as in
  // shapes.h; it may change up to `steepest` times as fast as the way that is gone. Nothing outside the
  // bounds, grown by the outermost layer, is looked at.
  template <typename Shape3d>
  void Fill(const Bounds& bounds, const Shape3d& distance, absl::Span<const Layer> layers,
            float steepest = kSteepest);
  template <typename Shape3d>
  void Fill(const Bounds& bounds, const Shape3d& distance, const Ink& ink) {
    Fill(bounds, distance, {Layer{0, ink}});
  }
  // The same for a curved tube: one layer after the other, each along the whole tube, so that the layers of
  // one segment do not cover the inner ones of its neighbour.
  void FillTube(const Tube& tube, absl::Span<const Layer> layers);
  void FillTube(const Tube& tube, const Ink& ink) { FillTube(tube, {Layer{0, ink}}); }

 private:
  Canvas(const View& view, ByteBuffer hu, ByteBuffer structures)
      : view_(view),
        partial_volume_(view.spacing_mm, PartialVolume::kCoarseMm),
        hu_(std::move(hu)),
        structures_(std::move(structures)) {}

  void Blend(size_t n, float coverage, const Ink& ink) {
    if (coverage <= 0 || !ink.over.Has(structures_.data()[n])) return;
    hu()[n] += coverage * (ink.hu - hu()[n]);
    if (coverage >= 0.5f) structures_.data()[n] = static_cast<uint8_t>(ink.structure);
  }
  template <typename Shape3d>
  void BlendEdge(size_t n, const BodyPoint& middle, const Shape3d& distance, absl::Span<const Layer> layers);

  View view_;
  PartialVolume partial_volume_;
  ByteBuffer hu_, structures_;  // float, uint8
};

template <typename Shape3d>
void Canvas::Fill(const Bounds& bounds, const Shape3d& distance, absl::Span<const Layer> layers,
                  float steepest) {
  const float outermost = std::max(0.0f, layers.front().grown);
  const VoxelRange range = VoxelsIn(view_, bounds.Grown(outermost + partial_volume_.reach_mm()));
  const float reach = partial_volume_.reach_mm() * steepest;
  const float voxels_per_mm = 1 / (steepest * view_.spacing_mm[0]);
  for (int64_t k = range.k0; k < range.k1; ++k) {
    for (int64_t j = range.j0; j < range.j1; ++j) {
      for (int64_t i = range.i0; i < range.i1;) {
        const BodyPoint middle = view_.At(i, j, k);
        const float here = distance(middle);
        float to_surface = std::abs(here - layers.front().grown);
        for (const Layer& layer : layers) to_surface = std::min(to_surface, std::abs(here - layer.grown));
        if (to_surface <= reach) {
          BlendEdge(view_.Offset(i++, j, k), middle, distance, layers);
          continue;
        }
        // So far from every surface that the next voxels of the row cannot reach one either.
        const auto more = static_cast<int64_t>((to_surface - reach) * voxels_per_mm);
        const size_t begin = view_.Offset(i, j, k),
                     end = begin + static_cast<size_t>(std::min(range.i1 - i, 1 + more));
        for (const Layer& layer : layers) {
          for (size_t n = begin; here < layer.grown && n < end; ++n) Blend(n, 1, layer.ink);
        }
        i += static_cast<int64_t>(end - begin);
      }
    }
  }
}

// Shares of the sub-voxels, each looked at once for all layers.
template <typename Shape3d>
void Canvas::BlendEdge(size_t n, const BodyPoint& middle, const Shape3d& distance,
                       absl::Span<const Layer> layers) {
  std::array<float, kMaxLayers> sums{};
  for (const BodyPoint& offset : partial_volume_.offsets()) {
    const float at = distance(middle + offset);
    for (size_t m = 0; m < layers.size(); ++m) sums[m] += partial_volume_.Share(at - layers[m].grown);
  }
  for (size_t m = 0; m < layers.size(); ++m) {
    Blend(n, sums[m] / static_cast<float>(partial_volume_.offsets().size()), layers[m].ink);
  }
}

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_CANVAS_H_
