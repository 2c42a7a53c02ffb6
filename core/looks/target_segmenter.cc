#include "core/looks/target_segmenter.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/looks/blend_looks.h"
#include "core/looks/look_policy.h"
#include "core/looks/mosaic.h"
#include "core/looks/spacings.h"
#include "core/transform/obey_prompts.h"
#include "core/transform/prepare_prompts.h"
#include "core/transform/prompt_extent.h"
#include "core/transform/prompt_notes.h"
#include "core/transform/resolve_prompts.h"
#include "core/transform/restore.h"

namespace sgpsam {
namespace {

BoxUse BoxUseOf(const ModelInfo& model) {
  return model.box_corner_embeddings == 2 ? BoxUse::kCorners : BoxUse::kClick;
}

// All patches on one grid, and the mask that they make. Always: `merged` is MergeTiles of `tiles`, and the
// first tile lies at `first`; every tile's position is among `tried`, so that no place is looked at twice.
// Decode and Continue see to that. `restored` is of `merged` after Restore, which whoever has decoded calls
// before anybody reads it. Without tiles, where there was nothing to encode, there is no mask.
struct Look {
  Placement first;
  std::vector<Tile> tiles;
  std::vector<TilePosition> tried;  // tiles, and places that gave none
  LogitsBox merged;
  RestoredMask restored;
};

class TargetSegmenter {
 public:
  TargetSegmenter(const Geometry& geometry, const ResolvedPrompts& prompts, const TargetOptions& options,
                  PatchModel& model)
      : geometry_(geometry),
        prompts_(prompts),
        options_(options),
        model_(model),
        spacing_mm_(options.spacing_mm.value_or(prompts.previous_patch ? prompts.previous_patch->spacing_mm
                                                                       : model.info().first_spacing_mm)),
        look_again_(options.auto_spacing.value_or(!options.spacing_mm && model.info().finest_spacing_mm > 0)),
        finest_mm_(std::max<double>(kLookPolicy.finest_spacing_mm, model.info().finest_spacing_mm)),
        sizes_(model.info().sizes),
        box_use_(BoxUseOf(model.info())) {}

  absl::StatusOr<TargetSegmentation> Run() {
    Look look;
    RETURN_IF_ERROR(LookFirst(look));
    if (look_again_) RETURN_IF_ERROR(LookWider(look));
    if (options_.average_looks.value_or(false)) RETURN_IF_ERROR(LookShifted(look));
    RETURN_IF_ERROR(Continue(look));
    RETURN_IF_ERROR(CheckPoints(look));
    if (look_again_) RETURN_IF_ERROR(LookCloser(look));
    RETURN_IF_ERROR(Obey(look));
    WarnOfPrompts(look);
    result_.mask = std::move(look.restored.mask);
    result_.touches_patch_border = look.restored.touches_patch_border;
    result_.spacing_mm = look.first.spacing_mm;
    result_.logits = std::move(look.merged);
    return std::move(result_);
  }

 private:
  absl::Status LookFirst(Look& look) {
    BeginPatch();
    const FarPoints far_points = options_.max_patches == 1 ? FarPoints::kRefuse : FarPoints::kLeaveOut;
    ASSIGN_OR_RETURN(const PreparedPrompts prepared, PlaceFirst(spacing_mm_, far_points, look));
    ASSIGN_OR_RETURN(EmbeddedPatch embedded, model_.Embed(look.first));
    result_.first_patch = PositionOf(geometry_, prompts_, look.first);
    result_.gate_scores = embedded.embedding->gate_scores;
    result_.prompt_uses = prepared.uses;
    result_.embedding_cached = true;
    ASSIGN_OR_RETURN(result_.first, Decode({0, 0, 0}, std::move(embedded), prepared, look));
    return Restore(look);
  }

  // After a patch of fine voxels wider ones, each prompted as if it were the first: half a lesion is a poor prompt
  // for the whole of it, and previous logits lie on the first patch's grid. The finest look counts that the
  // lesion fits. Its own mask does not always tell: in a patch that shows nothing but lesion a model may find
  // a few voxels that touch nothing. So a wider look that finds more than the patch holds, and is more
  // confident, wins. One that agrees with fewer of the points never does. What the others saw is blended in.
  absl::Status LookWider(Look& look) {
    std::vector<LogitsBox> others;
    for (const double spacing_mm : WiderSpacings(spacing_mm_)) {
      if (!MayLookAgain()) break;
      ++looks_;
      BeginPatch();
      Look wider;
      absl::StatusOr<PreparedPrompts> prepared = PlaceFirst(spacing_mm, FarPoints::kLeaveOut, wider);
      if (absl::IsInvalidArgument(prepared.status())) continue;  // what the first patch took, this one cannot
      RETURN_IF_ERROR(prepared.status());
      if (!prompts_.previous_logits.empty()) prepared->mask_logits.clear();
      RETURN_IF_ERROR(LookAgain(*prepared, wider));
      if (wider.tiles.empty()) continue;
      if (Obeys(wider, look) && (!Fits(look) || Outgrows(wider, look))) std::swap(look, wider);
      others.push_back(std::move(wider.merged));
    }
    return Blend(others, look);
  }

  // The same look moved by a cell of the decoder's grid, in four directions that cancel out: what depends on where the
  // model's tokens fall is averaged away. By whole cells, so that the average blurs nothing.
  absl::Status LookShifted(Look& look) {
    constexpr std::array<std::array<int64_t, 3>, 4> kDirections{
        {{1, 1, 1}, {-1, -1, 1}, {-1, 1, -1}, {1, -1, -1}}};
    const int64_t cell = sizes_.patch / sizes_.logits_side;
    std::vector<LogitsBox> others;
    for (const std::array<int64_t, 3>& direction : kDirections) {
      if (result_.patches >= options_.max_patches) break;
      BeginPatch();
      Look shifted;
      shifted.first = look.first;
      for (int a = 0; a < 3; ++a) shifted.first.begin[a] += cell * direction[a];
      absl::StatusOr<PreparedPrompts> prepared = Prepare(shifted.first, FarPoints::kLeaveOut);
      if (absl::IsInvalidArgument(prepared.status())) continue;
      RETURN_IF_ERROR(prepared.status());
      RETURN_IF_ERROR(LookAgain(*prepared, shifted));
      if (!shifted.tiles.empty()) others.push_back(std::move(shifted.merged));
    }
    return Blend(others, look);
  }

  // Averages what others saw into the look's first patch.
  absl::Status Blend(const std::vector<LogitsBox>& others, Look& look) {
    if (others.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(model_.Compute(Stage::kRestore, [&] {
      look.tiles.front().logits = BlendLooks(look.merged, others);
      look.merged = MergeTiles(look.first, look.tiles, sizes_);
      return absl::OkStatus();
    }));
    return Restore(look);
  }

  bool MayLookAgain() const {
    return result_.patches < options_.max_patches && (!options_.max_looks || looks_ < *options_.max_looks);
  }

  // Found something that agrees with as many of the points as what was found before.
  bool Obeys(const Look& other, const Look& look) const {
    const auto obeyed = [&](const Look& l) { return CountPointsObeyed(l.restored.mask, prompts_); };
    return !other.restored.empty() && obeyed(other) >= obeyed(look);
  }

  bool Fits(const Look& look) const {
    return !look.restored.empty() && !look.restored.touches_patch_border && CheckPoints(look).ok();
  }

  bool Outgrows(const Look& wider, const Look& look) const {
    const double patch_mm = static_cast<double>(sizes_.patch) * look.first.spacing_mm;
    return LargestExtentMm(wider) > patch_mm && ExpectedDice(wider.merged) > ExpectedDice(look.merged);
  }

  // Follows the lesion from patch to patch.
  absl::Status Continue(Look& look) {
    if (!look.restored.touches_patch_border) return absl::OkStatus();
    while (const std::optional<TilePosition> next =
               NextTile(look.merged, look.first, look.tiles, look.tried)) {
      if (result_.patches >= options_.max_patches || (options_.max_steps && steps_ >= *options_.max_steps)) {
        if (options_.max_patches > 1) WarnOfTheLimit();
        break;
      }
      ++steps_;
      BeginPatch();
      look.tried.push_back(*next);
      RETURN_IF_ERROR(LookFurther(*next, look));
    }
    return look.tiles.size() == 1 ? absl::OkStatus() : Restore(look);
  }

  absl::Status LookFurther(const TilePosition& at, Look& look) {
    const Placement placement = PlaceTile(look.first, at);
    ASSIGN_OR_RETURN(const std::optional<PreparedPrompts> prepared, FollowUp(placement, look.merged));
    if (!prepared) return absl::OkStatus();
    absl::StatusOr<EmbeddedPatch> embedded = model_.Embed(placement);
    if (absl::IsInvalidArgument(embedded.status())) {
      result_.warnings.push_back(
          absl::StrCat("the lesion was not followed on one side: ", embedded.status().message()));
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(embedded.status());
    return Decode(at, *std::move(embedded), *prepared, look).status();
  }

  // A small mask once more, around its own middle.
  absl::Status LookCloser(Look& look) {
    if (look.restored.empty() || !MayLookAgain()) return absl::OkStatus();
    const std::optional<double> spacing_mm =
        FinerSpacing(LargestExtentMm(look), sizes_.patch, look.first.spacing_mm, geometry_, finest_mm_);
    if (!spacing_mm) return absl::OkStatus();
    ++looks_;
    BeginPatch();
    Look closer;
    closer.first = PlaceAround(geometry_, MiddleOf(look), sizes_.patch, *spacing_mm, model_.info().grid_origin);
    ASSIGN_OR_RETURN(const std::optional<PreparedPrompts> prepared, FollowUp(closer.first, look.merged));
    if (prepared) RETURN_IF_ERROR(LookAgain(*prepared, closer));
    // A lesion that was small and now reaches out of a patch three times its size has leaked.
    if (Obeys(closer, look) && !closer.restored.touches_patch_border) look = std::move(closer);
    return absl::OkStatus();
  }

  // Lays the look's first patch around the prompts, and says what they become in it.
  absl::StatusOr<PreparedPrompts> PlaceFirst(double spacing_mm, FarPoints far_points, Look& look) {
    RETURN_IF_ERROR(model_.Compute(Stage::kPrepare, [&]() -> absl::Status {
      ASSIGN_OR_RETURN(look.first,
                       PlacePatch(geometry_, prompts_, sizes_.patch, spacing_mm, model_.info().grid_origin));
      return absl::OkStatus();
    }));
    return Prepare(look.first, far_points);
  }

  absl::StatusOr<PreparedPrompts> Prepare(const Placement& placement, FarPoints far_points) {
    PreparedPrompts prepared;
    RETURN_IF_ERROR(model_.Compute(Stage::kPrepare, [&]() -> absl::Status {
      ASSIGN_OR_RETURN(prepared, PreparePrompts(geometry_, placement, prompts_, sizes_, {box_use_, far_points}));
      return absl::OkStatus();
    }));
    return prepared;
  }

  // Another look at look.first; its mask stays empty where there is nothing to encode.
  absl::Status LookAgain(const PreparedPrompts& prepared, Look& look) {
    absl::StatusOr<EmbeddedPatch> embedded = model_.Embed(look.first);
    if (absl::IsInvalidArgument(embedded.status())) return absl::OkStatus();
    RETURN_IF_ERROR(embedded.status());
    RETURN_IF_ERROR(Decode({0, 0, 0}, *std::move(embedded), prepared, look).status());
    return Restore(look);
  }

  absl::StatusOr<std::optional<PreparedPrompts>> FollowUp(const Placement& placement,
                                                          const LogitsBox& found) {
    std::optional<PreparedPrompts> prepared;
    RETURN_IF_ERROR(model_.Compute(Stage::kPrepare, [&] {
      prepared = PrepareFollowUp(geometry_, placement, prompts_, found, sizes_, box_use_);
      return absl::OkStatus();
    }));
    return prepared;
  }

  // Adds the answer for one patch to what was found on its grid.
  absl::StatusOr<MaskLogits> Decode(const TilePosition& at, EmbeddedPatch embedded,
                                    const PreparedPrompts& prepared, Look& look) {
    ++result_.patches;
    looked_at_.push_back(PlaceTile(look.first, at));
    result_.embedding_cached &= embedded.cached;
    DecodeInput input{std::move(embedded.embedding), prepared.clicks, prepared.mask_logits, prepared.box};
    ASSIGN_OR_RETURN(MaskLogits answer, model_.Decode(std::move(input)));
    Tile tile{at, prepared.clicks, answer.values};
    if (look.tiles.empty()) look.tried.push_back(at);
    if (look.tiles.empty() || Agreement(look.merged, look.first, tile) >= kLookPolicy.least_agreement) {
      look.tiles.push_back(std::move(tile));
      look.merged = MergeTiles(look.first, look.tiles, sizes_);
    }
    return answer;
  }

  absl::Status Restore(Look& look) {
    return model_.Compute(Stage::kRestore, [&] {
      look.restored = RestoreMask(look.merged, geometry_);
      return absl::OkStatus();
    });
  }

  absl::Status Obey(Look& look) {
    return model_.Compute(Stage::kRestore, [&] {
      const Placement first = PlaceAtPosition(geometry_, result_.first_patch, sizes_.patch, model_.info().grid_origin);
      const Obedience obedience =
          ObeyPrompts(
              geometry_, prompts_, [&] { return PreviousMask(geometry_, prompts_, first, sizes_); }, look.merged,
              look.restored, result_.prompt_uses);
      KeepObedience(obedience, look.restored.mask, first, sizes_, result_.first.values);
      result_.dropped_components = obedience.dropped_components;
      result_.enforced_prompts = obedience.enforced_prompts;
      for (std::string& note : NotesOnObedience(obedience, result_.prompt_uses, geometry_)) {
        result_.warnings.push_back(std::move(note));
      }
      return absl::OkStatus();
    });
  }

  absl::Status CheckPoints(const Look& look) const {
    std::vector<Placement> placements;
    for (const Tile& tile : look.tiles) placements.push_back(PlaceTile(look.first, tile.at));
    return CheckPointsSeen(geometry_, placements, prompts_);
  }

  void WarnOfTheLimit() {
    if (result_.patches < options_.max_patches) {
      result_.warnings.push_back(absl::StrCat("the lesion goes on beyond the ", *options_.max_steps,
                                              " steps along it that were allowed; allow more to follow it"));
      return;
    }
    result_.warnings.push_back(absl::StrCat("the lesion goes on beyond the ", options_.max_patches,
                                            " patches that were allowed; allow more, up to ",
                                            kLookPolicy.most_patches, ", to follow it"));
  }

  void WarnOfPrompts(const Look& look) {
    for (std::string& note : NotesOnPrompts(prompts_, looked_at_, geometry_.shape())) {
      result_.warnings.push_back(std::move(note));
    }
    if (prompts_.previous_logits.empty()) return;
    const double given_mm =
        prompts_.previous_patch ? prompts_.previous_patch->spacing_mm : result_.first_patch.spacing_mm;
    if (given_mm != result_.first_patch.spacing_mm) {
      result_.warnings.push_back(absl::StrCat("the previous logits lie on voxels of ", given_mm,
                                              " mm and were resampled to ", result_.first_patch.spacing_mm,
                                              " mm"));
    }
    if (look.first.spacing_mm > result_.first_patch.spacing_mm) {
      result_.warnings.push_back(absl::StrCat("the mask comes from a wider look, at ", look.first.spacing_mm,
                                              " mm, which the previous logits were not given to"));
    }
  }

  void BeginPatch() { model_.BeginPatch(result_.patches + 1, options_.max_patches); }

  static double LargestExtentMm(const Look& look) {
    int64_t voxels = 0;
    for (int a = 0; a < 3; ++a) voxels = std::max(voxels, look.restored.high[a] - look.restored.low[a] + 1);
    return static_cast<double>(voxels) * look.first.spacing_mm;
  }

  static VoxelIndex MiddleOf(const Look& look) {
    std::array<double, 3> middle{};  // in voxels of the first patch
    for (int a = 0; a < 3; ++a) {
      middle[a] = static_cast<double>(look.restored.low[a] + look.restored.high[a]) / 2 -
                  static_cast<double>(look.first.begin[a]);
    }
    return PatchToSource(look.first, middle);
  }

  const Geometry& geometry_;
  const ResolvedPrompts& prompts_;
  const TargetOptions& options_;
  PatchModel& model_;
  const double spacing_mm_;
  const bool look_again_;
  const double finest_mm_;
  const PatchSizes sizes_;
  const BoxUse box_use_;
  std::vector<Placement> looked_at_;  // every patch that was decoded, in any look
  int looks_ = 0, steps_ = 0;         // that were begun, as TargetOptions counts them
  TargetSegmentation result_;
};

// Negative prompts alone.
bool AskForNothing(const ResolvedPrompts& prompts) {
  const bool any = !prompts.points.empty() || !prompts.boxes.empty() || !prompts.scribbles.empty();
  return any && !AskForSomething(prompts);
}

TargetSegmentation NothingLookedAt(const Geometry& geometry, const PatchSizes& sizes,
                                   const ResolvedPrompts& prompts) {
  TargetSegmentation nothing;
  nothing.mask = Mask(geometry.shape());
  nothing.first.values.assign(static_cast<size_t>(sizes.logits_floats()), 0.0f);
  nothing.embedding_cached = true;
  nothing.prompt_uses = UsesOf(prompts);
  nothing.warnings.push_back(
      "the prompts ask for nothing, or leave nothing of the mask or previous logits: the mask is empty");
  return nothing;
}

}  // namespace

absl::Status PatchModel::Compute(Stage, absl::FunctionRef<absl::Status()> step) { return step(); }

absl::StatusOr<TargetSegmentation> SegmentTarget(const Geometry& geometry, Prompts prompts,
                                                 const TargetOptions& options, PatchModel& model) {
  ASSIGN_OR_RETURN(const ResolvedPrompts resolved,
                   ResolvePrompts(geometry, model.info().sizes, std::move(prompts)));
  if (AskForNothing(resolved)) return NothingLookedAt(geometry, model.info().sizes, resolved);
  absl::StatusOr<TargetSegmentation> found = TargetSegmenter(geometry, resolved, options, model).Run();
  // Negative prompts cover all that a mask or previous logits mark.
  const bool placed = resolved.mask.has_value() || resolved.previous_patch.has_value();
  if (ReasonOf(found.status()) == Reason::kNoPositivePrompt && placed && !FocusOf(resolved)) {
    return NothingLookedAt(geometry, model.info().sizes, resolved);
  }
  return found;
}

}  // namespace sgpsam
