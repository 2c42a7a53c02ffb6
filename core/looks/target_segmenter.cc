#include "core/looks/target_segmenter.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/looks/ladder.h"
#include "core/looks/look.h"
#include "core/looks/look_maker.h"
#include "core/looks/look_policy.h"
#include "core/looks/zoom.h"
#include "core/transform/obey_prompts.h"
#include "core/transform/prepare_prompts.h"
#include "core/transform/prompt_extent.h"
#include "core/transform/prompt_notes.h"
#include "core/transform/resolve_prompts.h"
#include "core/transform/restore.h"

namespace sgpsam {
namespace {

void KeepFirst(const Geometry& geometry, const ResolvedPrompts& prompts, FirstPatch first,
               TargetSegmentation& result) {
  result.first_patch = PositionOf(geometry, prompts, first.placement);
  result.first = std::move(first.answer);
  result.gate_scores = std::move(first.gate_scores);
  result.prompt_uses = std::move(first.uses);
}

// Makes the look's mask obey, and its first patch's logits with it.
void Obey(const Geometry& geometry, const ResolvedPrompts& prompts, const Placement& first,
          const PatchSizes& sizes, Look& look, TargetSegmentation& result) {
  const Obedience obedience = ObeyPrompts(
      geometry, prompts, [&] { return PreviousMask(geometry, prompts, first, sizes); }, look.merged,
      look.restored, result.prompt_uses);
  KeepObedience(obedience, look.restored.mask, first, sizes, result.first.values);
  result.dropped_components = obedience.dropped_components;
  result.enforced_prompts = obedience.enforced_prompts;
  for (std::string& note : NotesOnObedience(obedience, result.prompt_uses, geometry)) {
    result.warnings.push_back(std::move(note));
  }
}

// What of the prompts had no effect, or another than was meant.
void WarnOfPrompts(const ResolvedPrompts& prompts, const LookMaker& maker, TargetSegmentation& result) {
  for (std::string& note : NotesOnPrompts(prompts, maker.looked_at(), maker.geometry().shape())) {
    result.warnings.push_back(std::move(note));
  }
  const std::optional<double> asked_mm = maker.options().spacing_mm;
  if (prompts.previous_logits.empty() || !prompts.previous_patch || !asked_mm) return;
  const double given_mm = prompts.previous_patch->spacing_mm;
  if (given_mm == *asked_mm) return;
  result.warnings.push_back(absl::StrCat("the previous logits lie on voxels of ", given_mm,
                                         " mm and were resampled to ", *asked_mm, " mm"));
}

void Estimate(const LookMaker& maker, const Look& look, TargetSegmentation& result) {
  result.expected_dice = Worth(maker.QualityOf(look));
  const std::vector<CalibrationPoint>& curve = maker.model().calibration;
  if (curve.empty() || look.restored.empty()) return;
  result.confidence = Calibrated(curve, result.expected_dice);
  if (*result.confidence < kLookPolicy.unsure_below) {
    result.warnings.push_back("the model is not sure of this mask; add a click where it is wrong");
  }
}

// Previous logits that came without their patch lie on the one that the prompts place first: said in the
// prompts, so that every other look gets them from there. Nothing: the prompts are as they should be.
std::optional<ResolvedPrompts> WithPlacedLogits(const Geometry& geometry, const ResolvedPrompts& prompts,
                                                double first_mm, const ModelInfo& model) {
  if (prompts.previous_logits.empty() || prompts.previous_patch) return std::nullopt;
  const absl::StatusOr<Placement> first =
      PlacePatch(geometry, prompts, model.sizes.patch, first_mm, model.grid_origin);
  if (!first.ok()) return std::nullopt;  // the first look says what is wrong
  ResolvedPrompts placed = prompts;
  placed.previous_patch = PositionOf(geometry, prompts, *first);
  return placed;
}

double FirstSpacing(const Geometry& geometry, const ResolvedPrompts& prompts, const TargetOptions& options,
                    bool climb, const ModelInfo& model) {
  if (options.spacing_mm) return *options.spacing_mm;
  if (prompts.previous_patch) return prompts.previous_patch->spacing_mm;
  const bool fresh = prompts.previous_logits.empty();
  return climb && fresh ? NarrowestRung(geometry, prompts, model) : model.first_spacing_mm;
}

absl::StatusOr<TargetSegmentation> LookAndObey(const Geometry& geometry, const ResolvedPrompts& given,
                                               const TargetOptions& options, PatchModel& model) {
  const bool knows_others = model.info().finest_spacing_mm > 0;
  const bool look_again = options.auto_spacing.value_or(!options.spacing_mm && knows_others);
  const bool climb = knows_others && look_again;
  const double first_mm = FirstSpacing(geometry, given, options, climb, model.info());
  const std::optional<ResolvedPrompts> placed = WithPlacedLogits(geometry, given, first_mm, model.info());
  const ResolvedPrompts& prompts = placed ? *placed : given;
  const Refinement refinement = knows_others ? Refinement::kLocal : Refinement::kAsAnswered;
  LookMaker maker(geometry, prompts, options, refinement, model);
  TargetSegmentation result;
  ASSIGN_OR_RETURN(Look look, climb ? Ladder(first_mm, maker) : Zoom(first_mm, look_again, maker));
  result.warnings = maker.warnings();
  Estimate(maker, look, result);
  const Placement first = look.refine_from.placement;
  KeepFirst(geometry, prompts, std::move(look.refine_from), result);
  result.patches = static_cast<int>(maker.looked_at().size());
  result.embedding_cached = maker.embeddings_cached();
  RETURN_IF_ERROR(model.Compute(Stage::kRestore, [&] {
    Obey(geometry, prompts, first, model.info().sizes, look, result);
    return absl::OkStatus();
  }));
  WarnOfPrompts(given, maker, result);
  result.mask = std::move(look.restored.mask);
  result.touches_patch_border = look.restored.touches_patch_border;
  result.spacing_mm = look.first.spacing_mm;
  result.logits = std::move(look.merged);
  result.spread = std::move(look.spread);
  return result;
}

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

absl::StatusOr<TargetSegmentation> SegmentTarget(const Geometry& geometry, Prompts prompts,
                                                 const TargetOptions& options, PatchModel& model) {
  ASSIGN_OR_RETURN(const ResolvedPrompts resolved,
                   ResolvePrompts(geometry, model.info().sizes, std::move(prompts)));
  if (AskForNothing(resolved)) return NothingLookedAt(geometry, model.info().sizes, resolved);
  absl::StatusOr<TargetSegmentation> found = LookAndObey(geometry, resolved, options, model);
  // Negative prompts cover all that a mask or previous logits mark.
  const bool placed = resolved.mask.has_value() || resolved.previous_patch.has_value();
  if (ReasonOf(found.status()) == Reason::kNoPositivePrompt && placed && !FocusOf(resolved)) {
    return NothingLookedAt(geometry, model.info().sizes, resolved);
  }
  return found;
}

}  // namespace sgpsam
