// One target from prompts to a mask that obeys them, with as many patches as it takes: which ones is the
// matter of the model's strategy, Ladder or Zoom (ladder.h, zoom.h). Runs a model that it knows as PatchModel
// only. Plain blocking code; thread-safe if the model is.
#ifndef SGPSAM_CORE_LOOKS_TARGET_SEGMENTER_H_
#define SGPSAM_CORE_LOOKS_TARGET_SEGMENTER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/engine/engine.h"
#include "core/looks/patch_model.h"
#include "core/looks/target_options.h"
#include "core/transform/logits_box.h"
#include "core/transform/placement.h"
#include "core/transform/prompts.h"
#include "core/volume/geometry.h"
#include "core/volume/mask.h"

namespace sgpsam {

struct TargetSegmentation {
  Mask mask;         // on the volume's grid
  LogitsBox logits;  // of the mask; for RestoreProbabilities
  // Of the first patch of the look that a refinement goes on from:
  // the one that counts on a Ladder, the first one of a Zoom.
  MaskLogits first;
  PatchPosition first_patch;  // where that lies; with `first` for Prompts.previous_logits and previous_patch
  std::vector<float> gate_scores;
  int patches = 0;        // that were looked at, for masks that were given up too
  double spacing_mm = 0;  // of the mask
  bool touches_patch_border = false;
  bool embedding_cached = false;       // of every patch
  std::vector<PromptUse> prompt_uses;  // of each prompt, in the order of Prompts' members
  int64_t dropped_components = 0;      // parts that were found and that nothing asks for (ObeyPrompts)
  int64_t enforced_prompts = 0;        // that the model contradicted
  // How far several looks were from each other: the standard deviation of their probabilities, 0 to 0.5, by
  // cell of the patch that they were blended into; for RestoreSpread. Without values:
  // there was one look alone.
  LogitsBox spread;
  double expected_dice = 0;  // Worth of the look that counts; 0: nothing was found
  // The Dice that masks had of which so much was expected; nothing: the model is not calibrated.
  std::optional<double> confidence = std::nullopt;
  std::vector<std::string> warnings;  // what the caller should know; nothing of the patient
};

// The errors of ResolvePrompts, PlacePatch, PreparePrompts and `model`. A point outside the first patch is
// taken if a further patch sees it, else it is INVALID_ARGUMENT. What of the prompts was not used as it was
// given is a warning (core/transform/prompt_notes.h). A further patch that cannot be encoded or finds nothing
// of the lesion is left out: touches_patch_border then says so. A finer look that finds nothing, or reaches
// its patch's border, is dropped. The mask obeys the prompts (core/transform/obey_prompts.h). Where they ask
// for nothing, or negative ones cover all of the mask or previous logits, nothing is looked at: `patches` is
// 0, the mask is empty, the logits are 0 everywhere, `first_patch` says nothing, and a warning tells.
absl::StatusOr<TargetSegmentation> SegmentTarget(const Geometry& geometry, Prompts prompts,
                                                 const TargetOptions& options, PatchModel& model);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_TARGET_SEGMENTER_H_
