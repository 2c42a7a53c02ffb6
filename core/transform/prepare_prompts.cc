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
#include "core/transform/assumed_shape.h"
#include "core/transform/axis_map.h"
#include "core/transform/copy_logits.h"
#include "core/transform/patch_mask.h"
#include "core/transform/prompt_extent.h"
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

// What a target's prompts become in one patch, one kind after the other,
// so that the clicks are those that a model was trained with first.
class ClickMaker {
 public:
  ClickMaker(const Geometry& geometry, const Placement& placement, const ResolvedPrompts& prompts)
      : geometry_(geometry), placement_(placement), prompts_(prompts) {
    prepared_.uses = UsesOf(prompts);
    absl::Span<PromptUse> uses = absl::MakeSpan(prepared_.uses);
    const auto take = [&uses](size_t count) {
      const absl::Span<PromptUse> taken = uses.subspan(0, count);
      uses.remove_prefix(count);
      return taken;
    };
    points_ = take(prompts.points.size());
    boxes_ = take(prompts.boxes.size());
    lines_ = take(prompts.lines.size());
    scribbles_ = take(prompts.scribbles.size());
  }

  // Prompts as far as they lie in the patch.
  PreparedPrompts InSight(BoxUse box_use) {
    AddPoints();
    AddPositiveBoxes(box_use);
    AddLines();
    AddSpread();
    return std::move(prepared_);
  }

 private:
  bool InSight(const VoxelIndex& at) const { return InPatch(geometry_, placement_, at); }

  int Click(const VoxelIndex& at, bool positive) {
    if (!InSight(at)) return 0;
    prepared_.clicks.push_back(ToClick(placement_, at, positive));
    return 1;
  }

  void AddPoints() {
    for (size_t n = 0; n < prompts_.points.size(); ++n) {
      points_[n].clicks = Click(prompts_.points[n].at, prompts_.points[n].positive);
    }
  }

  void AddPositiveBoxes(BoxUse box_use) {
    for (size_t n = 0; n < prompts_.boxes.size(); ++n) {
      const ResolvedBox& box = prompts_.boxes[n];
      PromptUse& use = boxes_[n];
      if (!box.positive) continue;
      if (box_use == BoxUse::kCorners && !prepared_.box && FlatAxis(box, geometry_.shape()) < 0) {
        prepared_.box = ToCorners(placement_, box.a, box.b);
        use.box_corners = prepared_.box.has_value();
      } else if (!HoldsSomethingPositive(box)) {
        use.clicks = Click(box.middle(), true);
      }
    }
  }

  bool HoldsSomethingPositive(const ResolvedBox& box) const {
    const Shape& shape = geometry_.shape();
    const auto holds = [&](const VoxelIndex& at) { return Contains(box.voxels, VoxelAt(at, shape)); };
    return std::any_of(prompts_.points.begin(), prompts_.points.end(),
                       [&](const ResolvedPoint& point) { return point.positive && holds(point.at); }) ||
           std::any_of(prompts_.lines.begin(), prompts_.lines.end(),
                       [&](const ResolvedLine& line) { return holds(line.At(0.5)); }) ||
           std::any_of(prompts_.scribbles.begin(), prompts_.scribbles.end(),
                       [&](const ResolvedScribble& scribble) {
                         return scribble.positive && !Inside(box.voxels, scribble.runs).empty();
                       });
  }

  void AddLines() {
    for (size_t n = 0; n < prompts_.lines.size(); ++n) {
      for (const double share : {0.5, 0.25, 0.75})
        lines_[n].clicks += Click(prompts_.lines[n].At(share), true);
    }
  }

  // Scribbles and negative boxes: each gets the same share of what is left,
  // but for the click that a mask may need.
  void AddSpread() {
    const auto negative = [](const ResolvedBox& box) { return !box.positive; };
    const size_t groups =
        prompts_.scribbles.size() +
        static_cast<size_t>(std::count_if(prompts_.boxes.begin(), prompts_.boxes.end(), negative));
    if (groups == 0) return;
    const size_t share = (static_cast<size_t>(kMaxClicks) - 1 - prepared_.clicks.size()) / groups;
    for (size_t n = 0; n < prompts_.boxes.size(); ++n) {
      if (!prompts_.boxes[n].positive)
        boxes_[n].clicks = ClickAround(prompts_.boxes[n], std::min(share, kNegativeBoxClicks));
    }
    for (size_t n = 0; n < prompts_.scribbles.size(); ++n) {
      const ResolvedScribble& scribble = prompts_.scribbles[n];
      const PatchMask marked = SampleRuns(scribble.runs, geometry_.shape(), placement_);
      for (const auto& [i, j, k] : SpreadCells(marked, std::min(share, kScribbleClicks))) {
        prepared_.clicks.push_back(
            {static_cast<float>(i), static_cast<float>(j), static_cast<float>(k), scribble.positive});
        ++scribbles_[n].clicks;
      }
    }
  }

  // Its middle and the corners of the box half as large, as many as may be.
  int ClickAround(const ResolvedBox& box, size_t most) {
    std::vector<VoxelRun> clicked;
    int clicks = 0;
    const auto once = [&](const VoxelIndex& at) {
      const VoxelRun voxel = RunAt(VoxelAt(at, geometry_.shape()));
      if (clicked.size() == most || Holds(clicked, {voxel.begin, voxel.j, voxel.k})) return;
      clicks += Click(at, false);
      clicked = UnionOf(clicked, {&voxel, 1});
    };
    once(box.middle());
    for (int corner = 0; corner < 8; ++corner) {
      const auto along = [&](double a, double b, int axis) {
        return (corner >> axis & 1) != 0 ? a + 0.75 * (b - a) : a + 0.25 * (b - a);
      };
      once({along(box.a.i, box.b.i, 0), along(box.a.j, box.b.j, 1), along(box.a.k, box.b.k, 2)});
    }
    return clicks;
  }

  const Geometry& geometry_;
  const Placement& placement_;
  const ResolvedPrompts& prompts_;
  PreparedPrompts prepared_;
  // The uses of each kind, in its order.
  absl::Span<PromptUse> points_, boxes_, lines_, scribbles_;
};

// A mask or previous logits: the last use in the list.
void CountClickDeepInside(PreparedPrompts& prepared) { prepared.uses.back().clicks = 1; }

// Something positive has a place, and it is not in the patch, which lies where previous logits say.
absl::Status PlaceOutside(const Geometry& geometry, const Placement& placement,
                          const ResolvedPrompts& prompts) {
  const auto outside = [&](const VoxelIndex& at) { return Outside(geometry, placement, at); };
  for (size_t n = 0; n < prompts.boxes.size(); ++n) {
    if (prompts.boxes[n].positive) return OfPrompt("box", outside(prompts.boxes[n].middle()), n);
  }
  if (!prompts.lines.empty()) return OfPrompt("line", outside(prompts.lines[0].At(0.5)), 0);
  for (size_t n = 0; n < prompts.scribbles.size(); ++n) {
    const VoxelRun& first = prompts.scribbles[n].runs.front();
    if (!prompts.scribbles[n].positive) continue;
    return OfPrompt("scribble",
                    outside({static_cast<double>(first.begin), static_cast<double>(first.j),
                             static_cast<double>(first.k)}),
                    n);
  }
  return absl::OkStatus();
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
  return a.begin == b.begin && a.spacing_mm == b.spacing_mm && a.patch == b.patch &&
         a.grid.first_source == b.grid.first_source;
}

void AssumeShape(const Geometry& geometry, const Placement& placement, const ResolvedPrompts& prompts,
                 const PatchSizes& sizes, PreparedPrompts& prepared) {
  const PatchMask shape = AssumedShape(geometry, placement, prompts);
  if (shape.count() == 0) return;
  prepared.mask_logits = MaskToLogits(shape, sizes.logits_side);
  for (PromptUse& use : prepared.uses) {
    use.mask_logits |= use.kind == PromptKind::kLine ||
                       (use.kind == PromptKind::kBox && prompts.boxes[use.number - 1].positive);
  }
}

// The previous logits on a patch's cells, and which of those they mark.
struct PreviousAnswer {
  std::vector<float> logits;
  PatchMask inside;
};

PreviousAnswer BringPreviousLogits(const Geometry& geometry, const Placement& placement,
                                   const ResolvedPrompts& prompts, const PatchSizes& sizes) {
  const Placement from = prompts.previous_patch ? PlaceAtPosition(geometry, *prompts.previous_patch,
                                                                  sizes.patch, placement.origin)
                                                : placement;
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
  PreparedPrompts prepared = ClickMaker(geometry, placement, prompts).InSight(rules.box_use);
  bool positive = AnyPositive(prepared.clicks) || prepared.box.has_value();
  if (!positive) RETURN_IF_ERROR(PlaceOutside(geometry, placement, prompts));
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
      CountClickDeepInside(prepared);
    }
  }
  if (prompts.mask) {
    const PatchMask mask = SampleMask(*prompts.mask, placement);
    if (mask.count() == 0) {
      return InvalidArgument(Reason::kEmptyMask, "mask: it marks no voxel of the region that is looked at");
    }
    prepared.mask_logits = MaskToLogits(mask, sizes.logits_side);
    if (!positive && ClickDeepInside(mask, 1, prepared.clicks)) {
      positive = true;
      CountClickDeepInside(prepared);
    }
  }
  if (rules.box_use == BoxUse::kShape && prepared.mask_logits.empty()) {
    AssumeShape(geometry, placement, prompts, sizes, prepared);
  }
  if (!positive) {
    return InvalidArgument(
        Reason::kNoPositivePrompt,
        "no positive prompt: give at least one positive point, scribble or box, a line, a mask, or previous "
        "logits with the patch that they lie on");
  }
  return prepared;
}

std::optional<PreparedPrompts> PrepareFollowUp(const Geometry& geometry, const Placement& placement,
                                               const ResolvedPrompts& prompts, const LogitsBox& found,
                                               const PatchSizes& sizes, BoxUse box_use) {
  PreparedPrompts prepared = ClickMaker(geometry, placement, prompts).InSight(box_use);
  prepared.mask_logits.assign(sizes.logits_floats(), 0.0f);  // as the reference's first pass knows nothing
  if (prompts.mask) {
    prepared.mask_logits = MaskToLogits(SampleMask(*prompts.mask, placement), sizes.logits_side);
  }
  const PatchMask inside = CopyLogits(found, placement, sizes.logits_side, prepared.mask_logits);
  if (AnyPositive(prepared.clicks) || prepared.box) return prepared;
  if (!ClickDeepInside(inside, sizes.patch / sizes.logits_side, prepared.clicks)) return std::nullopt;
  return prepared;
}

std::vector<PromptUse> UsesOf(const ResolvedPrompts& prompts) {
  std::vector<PromptUse> uses;
  const auto list = [&uses](PromptKind kind, size_t count, bool mask_logits) {
    for (size_t n = 0; n < count; ++n) {
      uses.push_back({.kind = kind, .number = n + 1, .mask_logits = mask_logits});
    }
  };
  list(PromptKind::kPoint, prompts.points.size(), false);
  list(PromptKind::kBox, prompts.boxes.size(), false);
  list(PromptKind::kLine, prompts.lines.size(), false);
  list(PromptKind::kScribble, prompts.scribbles.size(), false);
  list(PromptKind::kMask, prompts.mask ? 1 : 0, true);
  list(PromptKind::kPreviousLogits, prompts.previous_logits.empty() ? 0 : 1, true);
  return uses;
}

bool IsObeyed(const Mask& mask, const ResolvedPoint& point) {
  const Voxel voxel = VoxelAt(point.at, mask.shape());
  return mask.at(voxel.i, voxel.j, voxel.k) == point.positive;
}

int64_t CountPointsObeyed(const Mask& mask, const ResolvedPrompts& prompts) {
  return std::count_if(prompts.points.begin(), prompts.points.end(),
                       [&](const ResolvedPoint& point) { return IsObeyed(mask, point); });
}

bool InPatch(const Geometry& geometry, const Placement& placement, const VoxelIndex& source) {
  return DistanceOutsidePatchMm(geometry, placement, source) <= kIndexTolerance;
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
