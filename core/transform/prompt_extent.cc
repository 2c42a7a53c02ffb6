#include "core/transform/prompt_extent.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "core/transform/axis_map.h"
#include "core/volume/world_vector.h"

namespace sgpsam {
namespace {

VoxelIndex MiddleOf(const VoxelBox& box) {
  const auto middle = [](int64_t begin, int64_t end) { return static_cast<double>(begin + end - 1) / 2; };
  return {middle(box.begin.i, box.end.i), middle(box.begin.j, box.end.j), middle(box.begin.k, box.end.k)};
}

}  // namespace

std::optional<VoxelIndex> FocusOf(const ResolvedPrompts& prompts) {
  if (const ResolvedPoint* point = prompts.FirstPositive()) return point->at;
  for (const ResolvedScribble& scribble : prompts.scribbles) {
    if (scribble.positive) return MiddleOf(BoundingBox(scribble.runs));
  }
  for (const ResolvedBox& box : prompts.boxes) {
    if (box.positive) return box.middle();
  }
  if (!prompts.lines.empty()) return prompts.lines.front().At(0.5);
  return std::nullopt;
}

bool AskForSomething(const ResolvedPrompts& prompts) {
  return FocusOf(prompts).has_value() || prompts.mask.has_value() || !prompts.previous_logits.empty();
}

std::optional<double> SizeHintMm(const Geometry& geometry, const ResolvedPrompts& prompts) {
  const Shape& shape = geometry.shape();
  VoxelBox all;
  double longest_mm = 0;
  for (const ResolvedBox& box : prompts.boxes) {
    if (box.positive) all = Union(all, box.voxels);
  }
  for (const ResolvedScribble& scribble : prompts.scribbles) {
    if (scribble.positive) all = Union(all, BoundingBox(scribble.runs));
  }
  for (const ResolvedLine& line : prompts.lines) {
    all = Union(all, BoundingBox(VoxelsOn(line, shape)));
    longest_mm = std::max(longest_mm, Distance(geometry.ToWorld(line.a), geometry.ToWorld(line.b)));
  }
  if (prompts.mask) all = Union(all, BoundingBox(RunsOf(*prompts.mask)));
  if (all.empty()) return std::nullopt;
  const std::array<double, 3> spacing = geometry.spacing_mm();
  const Shape size = all.shape();
  for (const auto& [voxels, mm] :
       {std::pair(size.i, spacing[0]), {size.j, spacing[1]}, {size.k, spacing[2]}}) {
    longest_mm = std::max(longest_mm, static_cast<double>(voxels) * mm);
  }
  return longest_mm;
}

bool SaySize(const ResolvedPrompts& prompts) {
  return !prompts.lines.empty() || std::any_of(prompts.boxes.begin(), prompts.boxes.end(),
                                               [](const ResolvedBox& box) { return box.positive; });
}

std::vector<VoxelRun> VoxelsOn(const ResolvedLine& line, const Shape& shape) {
  // Two steps a voxel along the axis that it runs along most.
  const double extent =
      std::max({std::abs(line.b.i - line.a.i), std::abs(line.b.j - line.a.j), std::abs(line.b.k - line.a.k)});
  const auto steps = static_cast<int64_t>(2 * std::ceil(extent)) + 1;
  std::vector<VoxelRun> runs;
  for (int64_t n = 0; n <= steps; ++n) {
    runs.push_back(RunAt(VoxelAt(line.At(static_cast<double>(n) / static_cast<double>(steps)), shape)));
  }
  return Ordered(std::move(runs));
}

Voxel VoxelAt(const VoxelIndex& position, const Shape& shape) {
  const auto nearest = [](double at, int64_t size) {
    return std::clamp<int64_t>(NearestVoxel(at), 0, size - 1);
  };
  return {nearest(position.i, shape.i), nearest(position.j, shape.j), nearest(position.k, shape.k)};
}

VoxelRun RunAt(const Voxel& voxel) {
  const auto i = static_cast<int32_t>(voxel.i);
  return {i, i + 1, static_cast<int32_t>(voxel.j), static_cast<int32_t>(voxel.k)};
}

int FlatAxis(const ResolvedBox& box, const Shape& shape) {
  const Shape size = box.voxels.shape();
  if (size.k == 1 && shape.k > 1) return 2;
  if (size.j == 1 && shape.j > 1) return 1;
  return size.i == 1 && shape.i > 1 ? 0 : -1;
}

bool Contains(const VoxelBox& box, const Voxel& voxel) {
  return voxel.i >= box.begin.i && voxel.i < box.end.i && voxel.j >= box.begin.j && voxel.j < box.end.j &&
         voxel.k >= box.begin.k && voxel.k < box.end.k;
}

}  // namespace sgpsam
