// One target from prompts to mask, with as many patches as it takes: the patch around the prompts; where its
// mask touches a face, further patches half a patch on (core/looks/mosaic.h); if caller or model wish, on
// grids of other spacings, too (core/looks/spacings.h). Runs a model that it knows as PatchModel only:
// the server's caches and pool implement it (server/segment), or one engine (engine_patch_model.h), so
// that what is evaluated is what is served. Plain blocking code; thread-safe if the model is.
#ifndef SGPSAM_CORE_LOOKS_TARGET_SEGMENTER_H_
#define SGPSAM_CORE_LOOKS_TARGET_SEGMENTER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "core/base/stage.h"
#include "core/engine/engine.h"
#include "core/looks/look_policy.h"
#include "core/transform/logits_box.h"
#include "core/transform/placement.h"
#include "core/transform/prompts.h"
#include "core/volume/geometry.h"
#include "core/volume/mask.h"

namespace sgpsam {

struct TargetOptions {
  // 1 to LookPolicy.most_patches, in all looks; 1: the first patch alone, neither followed nor looked at
  // again.
  int max_patches = kLookPolicy.default_patches;
  // Of the patches; nothing: that of the previous logits, else the model's first spacing.
  std::optional<double> spacing_mm = std::nullopt;
  // Look again at a mask that is small for its patch, on a finer grid, and, after a first patch of finer
  // voxels than kUsualSpacingMm, on wider ones up to that. Nothing: if the model has learned from such
  // patches, and no spacing is given.
  std::optional<bool> auto_spacing = std::nullopt;
  // Within max_patches: looks at other spacings than the first patch's, and steps along a lesion over the faces of its
  // patch; each 0 to LookPolicy.most_patches - 1. Nothing: max_patches alone counts.
  std::optional<int> max_looks = std::nullopt;
  std::optional<int> max_steps = std::nullopt;
  // Whether the look that counts is averaged with up to four more, a cell of the decoder's grid beside it, each of
  // them one of max_patches. Nothing: it is not.
  std::optional<bool> average_looks = std::nullopt;
};

struct EmbeddedPatch {
  std::shared_ptr<const Embedding> embedding;
  bool cached = false;  // nothing was encoded
};

// What answers for the patches of one volume.
class PatchModel {
 public:
  virtual ~PatchModel() = default;
  virtual const ModelInfo& info() const = 0;
  // INVALID_ARGUMENT: there is nothing to encode at this place (PreparePatch).
  virtual absl::StatusOr<EmbeddedPatch> Embed(const Placement& placement) = 0;
  virtual absl::StatusOr<MaskLogits> Decode(DecodeInput input) = 0;
  // Told before each patch: its number, from 1, and the most that the target may take.
  virtual void BeginPatch(int /*patch*/, int /*most*/) {}
  // Runs a step of the segmenter's own arithmetic; may time it, and end here if nobody waits any more.
  virtual absl::Status Compute(Stage stage, absl::FunctionRef<absl::Status()> step);
};

struct TargetSegmentation {
  Mask mask;         // on the volume's grid
  LogitsBox logits;  // of the mask; for RestoreProbabilities
  // Of the first patch, at the requested spacing: what a refinement goes on from.
  MaskLogits first;
  PatchPosition first_patch;  // where that lies; with `first` for Prompts.previous_logits and previous_patch
  std::vector<float> gate_scores;
  int patches = 0;        // that were looked at, for masks that were given up too
  double spacing_mm = 0;  // of the mask
  bool touches_patch_border = false;
  bool embedding_cached = false;      // of every patch
  std::vector<PromptUse> prompt_uses;  // of each prompt, in the order of Prompts' members
  int64_t dropped_components = 0;      // parts that were found and that nothing asks for (ObeyPrompts)
  int64_t enforced_prompts = 0;        // that the model contradicted
  std::optional<double> confidence = std::nullopt;  // the Dice to expect, 0 to 1; nothing: not estimated
  std::vector<std::string> warnings;  // what the caller should know; nothing of the patient
};

// The errors of ResolvePrompts, PlacePatch, PreparePrompts and `model`. A point outside the first patch is
// taken if a further patch sees it, else it is INVALID_ARGUMENT. What of the prompts was not used as it was
// given is a warning (core/transform/prompt_notes.h). A further patch that cannot be encoded or finds nothing
// of the lesion is left out: touches_patch_border then says so. A finer look that finds nothing, or reaches
// its patch's border, is dropped. The mask obeys the prompts (core/transform/obey_prompts.h). Where they ask for nothing,
// or negative ones cover all of the mask or previous logits, nothing is looked at: `patches` is 0, the mask is empty, the
// logits are 0 everywhere, `first_patch` says nothing, and a warning tells.
absl::StatusOr<TargetSegmentation> SegmentTarget(const Geometry& geometry, Prompts prompts,
                                                 const TargetOptions& options, PatchModel& model);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_TARGET_SEGMENTER_H_
