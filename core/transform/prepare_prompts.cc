#include "core/transform/prepare_prompts.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/transform/axis_map.h"
#include "core/transform/copy_logits.h"
#include "core/transform/patch_mask.h"
#include "core/transform/prompt_refusals.h"
#include "core/volume/world_vector.h"

namespace sgpsam {
namespace {

// How far a source index lies outside the patch, in mm.
double DistanceOutsidePatchMm(const Geometry& geometry, const Placement& placement,
                              const VoxelIndex& source) {
  std::array<double, 3> inside = SourceToPatch(placement, source);
  for (double& along : inside) along = std::clamp(along, -0.5, static_cast<double>(placement.patch) - 0.5);
  return Distance(geometry.ToWorld(source), geometry.ToWorld(PatchToSource(placement, inside)));
}

bool InPatch(const Geometry& geometry, const Placement& placement, const VoxelIndex& source) {
  return DistanceOutsidePatchMm(geometry, placement, source) <= kIndexTolerance;
}

absl::Status Outside(const Geometry& geometry, const Placement& placement, const VoxelIndex& source) {
  const std::string outside_mm = absl::StrFormat("%.6g", DistanceOutsidePatchMm(geometry, placement, source));
  return InvalidArgument(
      Reason::kPromptOutsidePatch,
      absl::StrFormat(
          "lies %s mm outside the region that is looked at, a cube of %.6g mm around the previous "
          "patch (else the first positive point, the box or the mask): start a new target there",
          outside_mm, static_cast<double>(placement.patch) * placement.spacing_mm),
      {{"outside_mm", outside_mm}});
}

// A source index of the patch as the patch voxel whose centre is nearest.
Click ToClick(const Placement& placement, const VoxelIndex& source, bool positive) {
  const std::array<double, 3> exact = SourceToPatch(placement, source);
  std::array<float, 3> voxel{};
  for (int a = 0; a < 3; ++a) {
    voxel[a] = static_cast<float>(std::clamp<int64_t>(NearestVoxel(exact[a]), 0, placement.patch - 1));
  }
  return Click{voxel[0], voxel[1], voxel[2], positive};
}

// The part of a box that lies in the patch, if any does.
std::optional<BoxCorners> ToCorners(const Placement& placement, const VoxelIndex& a, const VoxelIndex& b) {
  const std::array<double, 3> p = SourceToPatch(placement, a), q = SourceToPatch(placement, b);
  const double last = static_cast<double>(placement.patch) - 1;
  BoxCorners corners;
  for (int axis = 0; axis < 3; ++axis) {
    const auto [low, high] = std::minmax(p[axis], q[axis]);
    if (high < -0.5 || low > last + 0.5) return std::nullopt;
    corners.low[axis] = static_cast<float>(std::clamp(low, 0.0, last));
    corners.high[axis] = static_cast<float>(std::clamp(high, 0.0, last));
  }
  return corners;
}

bool AnyPositive(const std::vector<Click>& clicks) {
  return std::any_of(clicks.begin(), clicks.end(), [](const Click& click) { return click.positive; });
}

// Points and box as far as they lie in the patch.
PreparedPrompts InSight(const Geometry& geometry, const Placement& placement, const ResolvedPrompts& prompts,
                        BoxUse box_use) {
  PreparedPrompts prepared;
  for (const ResolvedPoint& point : prompts.points) {
    if (!InPatch(geometry, placement, point.at)) continue;
    prepared.clicks.push_back(ToClick(placement, point.at, point.positive));
  }
  if (!prompts.box) return prepared;
  if (box_use == BoxUse::kCorners) {
    prepared.box = ToCorners(placement, prompts.box->a, prompts.box->b);
  } else if (prompts.FirstPositive() == nullptr && InPatch(geometry, placement, prompts.box->middle())) {
    prepared.clicks.push_back(ToClick(placement, prompts.box->middle(), true));
  }
  return prepared;
}

// What is inside but for the cells of negative clicks, each cell having `voxels` voxels of the patch a side.
PatchMask WithoutNegatives(const PatchMask& inside, const std::vector<Click>& clicks, int64_t voxels) {
  PatchMask negative(inside.side()), left(inside.side());
  const auto cell = [voxels](float at) { return static_cast<int64_t>(at) / voxels; };
  for (const Click& click : clicks) {
    if (!click.positive) negative.Set({cell(click.i), cell(click.j), cell(click.k)});
  }
  for (int64_t i = inside.low()[0]; i <= inside.high()[0]; ++i) {
    for (int64_t j = inside.low()[1]; j <= inside.high()[1]; ++j) {
      for (int64_t k = inside.low()[2]; k <= inside.high()[2]; ++k) {
        if (inside.at(i, j, k) && !negative.at(i, j, k)) left.Set({i, j, k});
      }
    }
  }
  return left;
}

// A positive click deep inside of a mask whose cells have `voxels` voxels of the patch a side: the cell that
// is furthest from the mask's border and from negative clicks. False if there is none.
bool ClickDeepInside(const PatchMask& mask, int64_t voxels, std::vector<Click>& clicks) {
  const PatchMask inside = WithoutNegatives(mask, clicks, voxels);
  if (inside.count() == 0) return false;
  const std::array<int64_t, 3> cell = DeepestCell(inside);
  const auto middle = [voxels](int64_t c) { return static_cast<float>(c * voxels + voxels / 2); };
  clicks.push_back({middle(cell[0]), middle(cell[1]), middle(cell[2]), true});
  return true;
}

bool SamePlace(const Placement& a, const Placement& b) {
  return a.begin == b.begin && a.spacing_mm == b.spacing_mm && a.patch == b.patch;
}

// The previous logits on a patch's cells, and which of those they mark.
struct PreviousAnswer {
  std::vector<float> logits;
  PatchMask inside;
};

PreviousAnswer BringPreviousLogits(const Geometry& geometry, const Placement& placement,
                                   const ResolvedPrompts& prompts, const PatchSizes& sizes) {
  const Placement from =
      prompts.previous_patch ? PlaceAtPosition(geometry, *prompts.previous_patch, sizes.patch) : placement;
  std::vector<float> logits(sizes.logits_floats(), 0.0f);
  PatchMask inside =
      CopyLogits(OnePatch(prompts.previous_logits, sizes, from), placement, sizes.logits_side, logits);
  if (SamePlace(from, placement)) logits = prompts.previous_logits;
  return PreviousAnswer{std::move(logits), std::move(inside)};
}

}  // namespace

absl::StatusOr<PreparedPrompts> PreparePrompts(const Geometry& geometry, const Placement& placement,
                                               const ResolvedPrompts& prompts, const PatchSizes& sizes,
                                               const PromptRules& rules) {
  if (rules.far_points == FarPoints::kRefuse) {
    RETURN_IF_ERROR(CheckPointsSeen(geometry, {placement}, prompts));
  }
  PreparedPrompts prepared = InSight(geometry, placement, prompts, rules.box_use);
  bool positive = AnyPositive(prepared.clicks) || prepared.box.has_value();
  if (prompts.box && !positive) {
    return OfBox(Outside(geometry, placement, prompts.box->middle()));
  }
  if (!prompts.previous_logits.empty()) {
    PreviousAnswer previous = BringPreviousLogits(geometry, placement, prompts, sizes);
    prepared.mask_logits = std::move(previous.logits);
    if (!positive && prompts.previous_patch) {
      positive = ClickDeepInside(previous.inside, sizes.patch / sizes.logits_side, prepared.clicks);
      if (!positive) {
        return InvalidArgument(
            Reason::kNoPositivePrompt,
            "the previous logits mark nothing that is left to correct: give a positive point");
      }
    }
  }
  if (prompts.mask) {
    const PatchMask mask = SampleMask(*prompts.mask, placement);
    if (mask.count() == 0) {
      return InvalidArgument(Reason::kEmptyMask, "mask: it marks no voxel of the region that is looked at");
    }
    prepared.mask_logits = MaskToLogits(mask, sizes.logits_side);
    positive = positive || ClickDeepInside(mask, 1, prepared.clicks);
  }
  if (!positive) {
    return InvalidArgument(
        Reason::kNoPositivePrompt,
        "no positive prompt: give at least one positive point, a box, a mask, or previous logits with the "
        "patch that they lie on");
  }
  const size_t corners = prepared.box ? 1 : 0;  // counts as the click that it is elsewhere
  if (std::max(prompts.points.size(), prepared.clicks.size()) + corners > kMaxClicks) {
    return TooManyPoints();
  }
  return prepared;
}

std::optional<PreparedPrompts> PrepareFollowUp(const Geometry& geometry, const Placement& placement,
                                               const ResolvedPrompts& prompts, const LogitsBox& found,
                                               const PatchSizes& sizes, BoxUse box_use) {
  PreparedPrompts prepared = InSight(geometry, placement, prompts, box_use);
  prepared.mask_logits.assign(sizes.logits_floats(), 0.0f);  // as the reference's first pass knows nothing
  if (prompts.mask) {
    prepared.mask_logits = MaskToLogits(SampleMask(*prompts.mask, placement), sizes.logits_side);
  }
  const PatchMask inside = CopyLogits(found, placement, sizes.logits_side, prepared.mask_logits);
  if (AnyPositive(prepared.clicks) || prepared.box) return prepared;
  if (!ClickDeepInside(inside, sizes.patch / sizes.logits_side, prepared.clicks)) return std::nullopt;
  return prepared;
}

bool IsObeyed(const Mask& mask, const ResolvedPoint& point) {
  const Shape& shape = mask.shape();
  const auto nearest = [](double at, int64_t size) {
    return std::clamp<int64_t>(NearestVoxel(at), 0, size - 1);
  };
  const bool inside =
      mask.at(nearest(point.at.i, shape.i), nearest(point.at.j, shape.j), nearest(point.at.k, shape.k));
  return inside == point.positive;
}

int64_t CountPointsObeyed(const Mask& mask, const ResolvedPrompts& prompts) {
  return std::count_if(prompts.points.begin(), prompts.points.end(),
                       [&](const ResolvedPoint& point) { return IsObeyed(mask, point); });
}

absl::Status CheckPointsSeen(const Geometry& geometry, absl::Span<const Placement> placements,
                             const ResolvedPrompts& prompts) {
  for (size_t n = 0; n < prompts.points.size(); ++n) {
    const ResolvedPoint& point = prompts.points[n];
    if (!point.positive) continue;  // there is no mask where nobody looked
    const auto sees = [&](const Placement& p) { return InPatch(geometry, p, point.at); };
    if (std::any_of(placements.begin(), placements.end(), sees)) continue;
    return OfPoint(Outside(geometry, placements.front(), point.at), n);
  }
  return absl::OkStatus();
}

}  // namespace sgpsam
