#include "core/looks/look_maker.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/looks/local_change.h"
#include "core/looks/look_policy.h"
#include "core/looks/mosaic.h"

namespace sgpsam {
namespace {

BoxUse BoxUseOf(const ModelInfo& model) {
  if (model.box_corner_embeddings == 2) return BoxUse::kCorners;
  return model.finest_spacing_mm > 0 ? BoxUse::kShape : BoxUse::kClick;
}

VoxelIndex MiddleOf(const Look& look) {
  std::array<double, 3> middle{};  // in voxels of the first patch
  for (int a = 0; a < 3; ++a) {
    middle[a] = static_cast<double>(look.restored.low[a] + look.restored.high[a]) / 2 -
                static_cast<double>(look.first.begin[a]);
  }
  return PatchToSource(look.first, middle);
}

double DiceOfIou(double iou) {
  const double share = std::clamp(iou, 0.0, 1.0);
  return 2 * share / (1 + share);
}

double CellMm3(const Look& look) {
  return std::pow(look.first.spacing_mm * static_cast<double>(look.merged.cell_voxels()), 3);
}

double MarkedMm3(const Look& look) {
  const auto marked = std::count_if(look.merged.values.begin(), look.merged.values.end(),
                                    [](float logit) { return logit > 0; });
  return static_cast<double>(marked) * CellMm3(look);
}

// A look without tiles.
Look Nowhere(const Placement& placement) {
  Look look;
  look.first = placement;
  return look;
}

}  // namespace

LookMaker::LookMaker(const Geometry& geometry, const ResolvedPrompts& prompts, const TargetOptions& options,
                     Refinement refinement, PatchModel& model)
    : geometry_(geometry),
      prompts_(prompts),
      options_(options),
      refinement_(refinement),
      model_(model),
      sizes_(model.info().sizes),
      box_use_(BoxUseOf(model.info())) {}

absl::StatusOr<Look> LookMaker::LookFirst(double spacing_mm) {
  BeginPatch();
  ASSIGN_OR_RETURN(const Placement placement, PlaceFirst(spacing_mm));
  const FarPoints far_points = options_.max_patches == 1 ? FarPoints::kRefuse : FarPoints::kLeaveOut;
  ASSIGN_OR_RETURN(PreparedPrompts prepared, Prepare(placement, far_points));
  ASSIGN_OR_RETURN(EmbeddedPatch embedded, model_.Embed(placement));
  const double most_cells =
      RefinesLocally() ? MostCellsAfter(prepared.mask_logits, prepared.clicks, sizes_) : 0;
  ASSIGN_OR_RETURN(Look look, Answer(placement, std::move(embedded), std::move(prepared)));
  if (RefinesLocally() && SeesAllPoints(look)) most_mm3_ = most_cells * CellMm3(look);
  return look;
}

absl::StatusOr<Look> LookMaker::LookAround(double spacing_mm) {
  ++looks_;
  BeginPatch();
  ASSIGN_OR_RETURN(const Placement placement, PlaceFirst(spacing_mm));
  return LookIfPossible(placement);
}

absl::StatusOr<Look> LookMaker::LookCloser(const Look& found, double spacing_mm) {
  ++looks_;
  BeginPatch();
  const Placement placement =
      PlaceAround(geometry_, MiddleOf(found), sizes_.patch, spacing_mm, model_.info().grid_origin);
  ASSIGN_OR_RETURN(std::optional<PreparedPrompts> prepared, PrepareNext(placement, found.merged));
  if (!prepared) return Nowhere(placement);
  return LookAt(placement, *std::move(prepared));
}

bool LookMaker::MayLookAgain() const {
  return patches() < options_.max_patches && (!options_.max_looks || looks_ < *options_.max_looks);
}

absl::Status LookMaker::Blend(std::vector<OtherLook> others, Look& look) {
  if (others.empty()) return absl::OkStatus();
  std::move(others.begin(), others.end(), std::back_inserter(look.others));
  RETURN_IF_ERROR(model_.Compute(Stage::kRestore, [&] {
    const LogitsBox own = OnePatch(look.refine_from.answer.values, sizes_, look.first);
    BlendedLooks blended = BlendLooks(own, look.others);
    look.tiles.front().logits = std::move(blended.logits);
    look.spread = OnePatch(std::move(blended.spread), sizes_, look.first);
    look.merged = MergeTiles(look.first, look.tiles, sizes_);
    return absl::OkStatus();
  }));
  return Restore(look);
}

absl::Status LookMaker::AverageShifted(Look& look) {
  constexpr std::array<std::array<int64_t, 3>, 4> kDirections{
      {{1, 1, 1}, {-1, -1, 1}, {-1, 1, -1}, {1, -1, -1}}};
  const int64_t cell = sizes_.patch / sizes_.logits_side;
  std::vector<OtherLook> others;
  for (const std::array<int64_t, 3>& direction : kDirections) {
    if (patches() >= options_.max_patches) break;
    BeginPatch();
    Placement placement = look.first;
    for (int a = 0; a < 3; ++a) placement.begin[a] += cell * direction[a];
    ASSIGN_OR_RETURN(Look shifted, LookIfPossible(placement));
    if (!shifted.tiles.empty()) others.push_back({std::move(shifted.merged), kLookPolicy.other_look});
  }
  return Blend(std::move(others), look);
}

absl::Status LookMaker::GoToFarPoints(Look& look) {
  for (const ResolvedPoint& point : prompts_.points) {
    if (!point.positive || Sees(look, point.at)) continue;
    const TilePosition at = NearestTile(look.first, SourceToPatch(look.first, point.at));
    if (!MayStep()) break;
    if (MayLieAt(at)) RETURN_IF_ERROR(StepTo(at, Evidence::kClick, look));
  }
  return look.tiles.size() == 1 ? absl::OkStatus() : Restore(look);
}

bool LookMaker::MayStep() const {
  return patches() < options_.max_patches && (!options_.max_steps || steps_ < *options_.max_steps);
}

absl::Status LookMaker::Follow(Look& look) {
  if (look.tiles.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(GoToFarPoints(look));
  if (!look.restored.touches_patch_border) return absl::OkStatus();
  const size_t seen = look.tiles.size();  // what is restored already
  while (const std::optional<TilePosition> next = NextTile(look.merged, look.first, look.tiles, look.tried)) {
    if (!MayStep()) {
      if (options_.max_patches > 1) WarnOfTheLimit();
      break;
    }
    RETURN_IF_ERROR(StepTo(*next, Evidence::kAgreement, look));
  }
  return look.tiles.size() == seen ? absl::OkStatus() : Restore(look);
}

absl::Status LookMaker::StepTo(const TilePosition& at, Evidence evidence, Look& look) {
  ++steps_;
  BeginPatch();
  look.tried.push_back(at);
  const Placement placement = PlaceTile(look.first, at);
  ASSIGN_OR_RETURN(const std::optional<PreparedPrompts> prepared, PrepareNext(placement, look.merged));
  if (!prepared) return absl::OkStatus();
  absl::StatusOr<EmbeddedPatch> embedded = model_.Embed(placement);
  if (absl::IsInvalidArgument(embedded.status())) {
    warnings_.push_back(
        absl::StrCat("the lesion was not followed on one side: ", embedded.status().message()));
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(embedded.status());
  ASSIGN_OR_RETURN(MaskLogits answer, Ask(placement, *std::move(embedded), *prepared));
  Add({at, prepared->clicks, std::move(answer.values)}, evidence, look);
  return absl::OkStatus();
}

LookQuality LookMaker::QualityOf(const Look& look) const {
  LookQuality quality;
  if (look.tiles.empty() || look.restored.empty()) return quality;
  quality.found = true;
  if (!prompts_.points.empty()) {
    const double obeyed = static_cast<double>(CountPointsObeyed(look.restored.mask, prompts_));
    quality.missed = 1 - obeyed / static_cast<double>(prompts_.points.size());
  }
  quality.cut_off = look.restored.touches_patch_border || !SeesAllPoints(look);
  quality.seen_mm = static_cast<double>(look.first.patch) * look.first.spacing_mm;
  quality.overgrown = std::max(1.0, MarkedMm3(look) / most_mm3_);
  quality.expected_dice =
      model_.info().predicts_iou ? DiceOfIou(look.iou_prediction) : ExpectedDice(look.merged);
  return quality;
}

double LookMaker::LargestExtentMm(const Look& look) {
  int64_t voxels = 0;
  for (int a = 0; a < 3; ++a) voxels = std::max(voxels, look.restored.high[a] - look.restored.low[a] + 1);
  return static_cast<double>(voxels) * look.first.spacing_mm;
}

bool LookMaker::Sees(const Look& look, const VoxelIndex& at) const {
  return std::any_of(look.tiles.begin(), look.tiles.end(), [&](const Tile& tile) {
    return InPatch(geometry_, PlaceTile(look.first, tile.at), at);
  });
}

bool LookMaker::SeesAllPoints(const Look& look) const {
  return std::all_of(prompts_.points.begin(), prompts_.points.end(),
                     [&](const ResolvedPoint& point) { return !point.positive || Sees(look, point.at); });
}

absl::StatusOr<Placement> LookMaker::PlaceFirst(double spacing_mm) {
  Placement placement;
  RETURN_IF_ERROR(model_.Compute(Stage::kPrepare, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(placement,
                     PlacePatch(geometry_, prompts_, sizes_.patch, spacing_mm, model_.info().grid_origin));
    return absl::OkStatus();
  }));
  return placement;
}

absl::StatusOr<PreparedPrompts> LookMaker::Prepare(const Placement& placement, FarPoints far_points) {
  PreparedPrompts prepared;
  RETURN_IF_ERROR(model_.Compute(Stage::kPrepare, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(prepared,
                     PreparePrompts(geometry_, placement, prompts_, sizes_, {box_use_, far_points}));
    return absl::OkStatus();
  }));
  return prepared;
}

absl::StatusOr<std::optional<PreparedPrompts>> LookMaker::PrepareNext(const Placement& placement,
                                                                      const LogitsBox& found) {
  std::optional<PreparedPrompts> prepared;
  RETURN_IF_ERROR(model_.Compute(Stage::kPrepare, [&] {
    prepared = PrepareFollowUp(geometry_, placement, prompts_, found, sizes_, box_use_);
    return absl::OkStatus();
  }));
  return prepared;
}

absl::StatusOr<Look> LookMaker::LookAt(const Placement& placement, PreparedPrompts prepared) {
  absl::StatusOr<EmbeddedPatch> embedded = model_.Embed(placement);
  if (absl::IsInvalidArgument(embedded.status())) return Nowhere(placement);
  RETURN_IF_ERROR(embedded.status());
  return Answer(placement, *std::move(embedded), std::move(prepared));
}

absl::StatusOr<Look> LookMaker::LookIfPossible(const Placement& placement) {
  absl::StatusOr<PreparedPrompts> prepared = Prepare(placement, FarPoints::kLeaveOut);
  if (absl::IsInvalidArgument(prepared.status())) return Nowhere(placement);
  RETURN_IF_ERROR(prepared.status());
  return LookAt(placement, *std::move(prepared));
}

absl::StatusOr<Look> LookMaker::Answer(const Placement& placement, EmbeddedPatch embedded,
                                       PreparedPrompts prepared) {
  Look look = Nowhere(placement);
  look.refine_from.placement = placement;
  look.refine_from.gate_scores = embedded.embedding->gate_scores;
  ASSIGN_OR_RETURN(MaskLogits answer, Ask(placement, std::move(embedded), prepared));
  if (RefinesLocally()) {
    KeepWhatNoClickAsks(prepared.mask_logits, prepared.clicks, sizes_, absl::MakeSpan(answer.values));
    look.kept_whole = !prepared.box && !ContradictsAClick(prepared.mask_logits, prepared.clicks, sizes_);
  }
  Add({{0, 0, 0}, prepared.clicks, answer.values}, Evidence::kClick, look);
  look.refine_from.answer = std::move(answer);
  look.iou_prediction = look.refine_from.answer.iou_prediction;
  look.refine_from.uses = std::move(prepared.uses);
  RETURN_IF_ERROR(Restore(look));
  return look;
}

absl::StatusOr<MaskLogits> LookMaker::Ask(const Placement& placement, EmbeddedPatch embedded,
                                          const PreparedPrompts& prepared) {
  looked_at_.push_back(placement);
  embeddings_cached_ &= embedded.cached;
  return model_.Decode({std::move(embedded.embedding), prepared.clicks, prepared.mask_logits, prepared.box});
}

void LookMaker::Add(Tile tile, Evidence evidence, Look& look) const {
  if (look.tiles.empty()) look.tried.push_back(tile.at);
  if (evidence == Evidence::kClick ||
      Agreement(look.merged, look.first, tile) >= kLookPolicy.least_agreement) {
    look.tiles.push_back(std::move(tile));
    look.merged = MergeTiles(look.first, look.tiles, sizes_);
  }
}

absl::Status LookMaker::Restore(Look& look) {
  return model_.Compute(Stage::kRestore, [&] {
    look.restored = RestoreMask(look.merged, geometry_);
    return absl::OkStatus();
  });
}

void LookMaker::WarnOfTheLimit() {
  if (patches() < options_.max_patches) {
    warnings_.push_back(absl::StrCat("the lesion goes on beyond the ", *options_.max_steps,
                                     " steps along it that were allowed; allow more to follow it"));
    return;
  }
  warnings_.push_back(absl::StrCat("the lesion goes on beyond the ", options_.max_patches,
                                   " patches that were allowed; allow more, up to ", kLookPolicy.most_patches,
                                   ", to follow it"));
}

}  // namespace sgpsam
