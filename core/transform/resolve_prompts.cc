#include "core/transform/resolve_prompts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/transform/prompt_refusals.h"
#include "core/volume/world_vector.h"

namespace sgpsam {
namespace {

// How far an index lies outside the volume, in mm.
double DistanceOutsideVolumeMm(const Geometry& geometry, const VoxelIndex& index) {
  const Shape& shape = geometry.shape();
  const auto clamped = [](double v, int64_t n) { return std::clamp(v, -0.5, static_cast<double>(n) - 0.5); };
  const VoxelIndex inside{clamped(index.i, shape.i), clamped(index.j, shape.j), clamped(index.k, shape.k)};
  return Distance(geometry.ToWorld(index), geometry.ToWorld(inside));
}

std::string VoxelExtent(const Shape& shape) {
  return absl::StrFormat("i -0.5 to %.1f, j -0.5 to %.1f, k -0.5 to %.1f", static_cast<double>(shape.i) - 0.5,
                         static_cast<double>(shape.j) - 0.5, static_cast<double>(shape.k) - 0.5);
}

// The box around the volume's eight corners.
std::string WorldExtent(const Geometry& geometry) {
  const Shape& shape = geometry.shape();
  WorldPoint low, high;
  for (int corner = 0; corner < 8; ++corner) {
    const WorldPoint p = geometry.ToWorld({(corner & 1) != 0 ? static_cast<double>(shape.i) - 0.5 : -0.5,
                                           (corner & 2) != 0 ? static_cast<double>(shape.j) - 0.5 : -0.5,
                                           (corner & 4) != 0 ? static_cast<double>(shape.k) - 0.5 : -0.5});
    if (corner == 0) low = high = p;
    low = {std::min(low.x, p.x), std::min(low.y, p.y), std::min(low.z, p.z)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y), std::max(high.z, p.z)};
  }
  return absl::StrFormat("x %.1f to %.1f, y %.1f to %.1f, z %.1f to %.1f mm (LPS)", low.x, high.x, low.y,
                         high.y, low.z, high.z);
}

absl::Status CheckPrompts(const Geometry& geometry, const Prompts& prompts, const PatchSizes& sizes) {
  if (prompts.mask.has_value() && !prompts.previous_logits.empty()) {
    return InvalidArgument(Reason::kConflictingPrompts, "give a mask or previous logits, not both");
  }
  if (prompts.mask.has_value() && !(prompts.mask->shape() == geometry.shape())) {
    return InvalidArgument(Reason::kMaskMismatch, "the mask must have the volume's shape");
  }
  if (prompts.points.size() > kMaxClicks) return TooManyPoints();
  if (prompts.previous_logits.empty()) return absl::OkStatus();
  if (static_cast<int64_t>(prompts.previous_logits.size()) != sizes.logits_floats()) {
    return InvalidArgument(Reason::kInvalidLogits,
                           absl::StrCat("previous logits must be ", sizes.logits_floats(), " values, not ",
                                        prompts.previous_logits.size()));
  }
  for (float logit : prompts.previous_logits) {
    if (!std::isfinite(logit)) {
      return InvalidArgument(Reason::kInvalidLogits, "previous logits must be finite numbers");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPreviousPatch(const Geometry& geometry, const PatchPosition& position) {
  const double outside_mm = DistanceOutsideVolumeMm(geometry, geometry.ToVoxel(position.centre));
  // The middle of a mask is taken on the patch's grid, where the nearest voxel is half a voxel away on each
  // axis at most.
  if (outside_mm <= position.spacing_mm) return absl::OkStatus();
  return InvalidArgument(
      Reason::kInvalidLogits,
      absl::StrFormat("the patch of the previous logits lies %.6g mm outside the volume, which extends over "
                      "%s: give what came with the logits",
                      outside_mm, WorldExtent(geometry)));
}

}  // namespace

absl::StatusOr<VoxelIndex> ResolvePosition(const Geometry& geometry, const PromptPosition& position) {
  const auto* world = std::get_if<WorldPoint>(&position);
  const VoxelIndex index = world != nullptr ? geometry.ToVoxel(*world) : std::get<VoxelIndex>(position);
  if (!std::isfinite(index.i) || !std::isfinite(index.j) || !std::isfinite(index.k)) {
    return InvalidArgument(Reason::kPointOutsideVolume, "a position's coordinates must be finite numbers");
  }
  if (geometry.Contains(index)) return index;
  const std::string outside_mm = absl::StrFormat("%.6g", DistanceOutsideVolumeMm(geometry, index));
  return InvalidArgument(
      Reason::kPointOutsideVolume,
      absl::StrCat("the position lies ", outside_mm, " mm outside the volume, which extends over ",
                   world != nullptr ? WorldExtent(geometry) : VoxelExtent(geometry.shape())),
      {{"outside_mm", outside_mm}});
}

absl::StatusOr<ResolvedPrompts> ResolvePrompts(const Geometry& geometry, const PatchSizes& sizes,
                                               Prompts prompts) {
  RETURN_IF_ERROR(CheckPrompts(geometry, prompts, sizes));
  ResolvedPrompts resolved;
  for (size_t n = 0; n < prompts.points.size(); ++n) {
    const PointPrompt& point = prompts.points[n];
    const absl::StatusOr<VoxelIndex> at = ResolvePosition(geometry, point.position);
    if (!at.ok()) return OfPoint(at.status(), n);
    resolved.points.push_back({*at, point.positive});
  }
  if (prompts.box) {
    const absl::StatusOr<VoxelIndex> a = ResolvePosition(geometry, prompts.box->a);
    if (!a.ok()) return OfBox(a.status());
    const absl::StatusOr<VoxelIndex> b = ResolvePosition(geometry, prompts.box->b);
    if (!b.ok()) return OfBox(b.status());
    resolved.box = ResolvedBox{*a, *b};
  }
  if (prompts.previous_patch) RETURN_IF_ERROR(CheckPreviousPatch(geometry, *prompts.previous_patch));
  resolved.previous_logits = std::move(prompts.previous_logits);
  resolved.previous_patch = prompts.previous_patch;
  resolved.mask = std::move(prompts.mask);
  return resolved;
}

}  // namespace sgpsam
