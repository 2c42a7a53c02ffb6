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

// The nearest voxels of a box's two ends on one axis, ends excluded;
// a centre on a face of the box lies in it.
void FillAxis(double a, double b, int64_t size, int64_t& begin, int64_t& end) {
  const auto [low, high] = std::minmax(a, b);
  const auto inside = [size](double at) {
    return std::clamp<int64_t>(static_cast<int64_t>(at), 0, size - 1);
  };
  begin = inside(std::floor(low + 0.5));
  end = std::max(begin, inside(std::ceil(high - 0.5))) + 1;
}

VoxelBox VoxelsOf(const Shape& shape, const VoxelIndex& a, const VoxelIndex& b) {
  VoxelBox box;
  FillAxis(a.i, b.i, shape.i, box.begin.i, box.end.i);
  FillAxis(a.j, b.j, shape.j, box.begin.j, box.end.j);
  FillAxis(a.k, b.k, shape.k, box.begin.k, box.end.k);
  return box;
}

absl::Status CheckCount(const char* kinds, size_t count, size_t most) {
  if (count <= most) return absl::OkStatus();
  return InvalidArgument(Reason::kTooManyPrompts,
                         absl::StrCat("a target takes at most ", most, " ", kinds, ", not ", count));
}

absl::StatusOr<ResolvedScribble> ResolveScribble(const Shape& shape, ScribblePrompt scribble) {
  for (const VoxelRun& run : scribble.runs) {
    if (run.begin < 0 || run.end > shape.i || run.j < 0 || run.j >= shape.j || run.k < 0 ||
        run.k >= shape.k) {
      return InvalidArgument(Reason::kMaskMismatch, "it marks voxels outside the volume");
    }
  }
  ResolvedScribble resolved{Ordered(std::move(scribble.runs)), scribble.positive};
  if (resolved.runs.empty()) {
    return InvalidArgument(Reason::kEmptyMask, "it is empty: it must mark at least one voxel");
  }
  return resolved;
}

absl::Status ResolveScribbles(const Shape& shape, std::vector<ScribblePrompt> scribbles,
                              ResolvedPrompts& resolved) {
  uint64_t voxels = 0;
  for (size_t n = 0; n < scribbles.size(); ++n) {
    absl::StatusOr<ResolvedScribble> scribble = ResolveScribble(shape, std::move(scribbles[n]));
    if (!scribble.ok()) return OfPrompt("scribble", scribble.status(), n);
    voxels += CountVoxels(scribble->runs);
    if (voxels > kMaxScribbleVoxels) {
      return OfPrompt(
          "scribble",
          InvalidArgument(Reason::kPromptTooLarge,
                          absl::StrCat("a target's scribbles may mark ", kMaxScribbleVoxels,
                                       " voxels in all; give what covers more as a mask or a box")),
          n);
    }
    resolved.scribbles.push_back(*std::move(scribble));
  }
  return absl::OkStatus();
}

// Both ends of a box or a line.
template <typename Prompt, typename Resolved>
absl::Status ResolveEnds(const Geometry& geometry, const Prompt& prompt, Resolved& resolved) {
  ASSIGN_OR_RETURN(resolved.a, ResolvePosition(geometry, prompt.a));
  ASSIGN_OR_RETURN(resolved.b, ResolvePosition(geometry, prompt.b));
  return absl::OkStatus();
}

absl::Status CheckPrompts(const Geometry& geometry, const Prompts& prompts, const PatchSizes& sizes) {
  if (prompts.mask.has_value() && !prompts.previous_logits.empty()) {
    return InvalidArgument(Reason::kConflictingPrompts, "give a mask or previous logits, not both");
  }
  if (prompts.mask.has_value() && !(prompts.mask->shape() == geometry.shape())) {
    return InvalidArgument(Reason::kMaskMismatch, "the mask must have the volume's shape");
  }
  if (prompts.points.size() > kMaxPoints) return TooManyPoints();
  RETURN_IF_ERROR(CheckCount("boxes", prompts.boxes.size(), kMaxBoxes));
  RETURN_IF_ERROR(CheckCount("lines", prompts.lines.size(), kMaxLines));
  RETURN_IF_ERROR(CheckCount("scribbles", prompts.scribbles.size(), kMaxScribbles));
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

// Nothing is known of the target: what a result gives where nothing was looked at.
bool SayNothing(const std::vector<float>& logits) {
  return std::all_of(logits.begin(), logits.end(), [](float logit) { return logit == 0; });
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
  for (size_t n = 0; n < prompts.boxes.size(); ++n) {
    ResolvedBox& box = resolved.boxes.emplace_back();
    const absl::Status ends = ResolveEnds(geometry, prompts.boxes[n], box);
    if (!ends.ok()) return OfPrompt("box", ends, n);
    box.positive = prompts.boxes[n].positive;
    box.voxels = VoxelsOf(geometry.shape(), box.a, box.b);
  }
  for (size_t n = 0; n < prompts.lines.size(); ++n) {
    const absl::Status ends = ResolveEnds(geometry, prompts.lines[n], resolved.lines.emplace_back());
    if (!ends.ok()) return OfPrompt("line", ends, n);
  }
  RETURN_IF_ERROR(ResolveScribbles(geometry.shape(), std::move(prompts.scribbles), resolved));
  if (prompts.previous_patch) RETURN_IF_ERROR(CheckPreviousPatch(geometry, *prompts.previous_patch));
  resolved.previous_patch = prompts.previous_patch;
  if (prompts.previous_patch || !SayNothing(prompts.previous_logits)) {
    resolved.previous_logits = std::move(prompts.previous_logits);
  }
  resolved.mask = std::move(prompts.mask);
  return resolved;
}

}  // namespace sgpsam
