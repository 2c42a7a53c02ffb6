// Makes looks at one target: lays patches, asks the model about them, follows a lesion from patch to patch,
// averages, and counts what all of it took. What the strategies (ladder.h, zoom.h) are made of; it decides
// nothing that they could. Plain blocking code, one thread at a time.
#ifndef SGPSAM_CORE_LOOKS_LOOK_MAKER_H_
#define SGPSAM_CORE_LOOKS_LOOK_MAKER_H_

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/looks/blend_looks.h"
#include "core/looks/look.h"
#include "core/looks/patch_model.h"
#include "core/looks/target_options.h"
#include "core/transform/prepare_prompts.h"
#include "core/transform/prompts.h"
#include "core/volume/geometry.h"

namespace sgpsam {

// What becomes of an answer to previous logits.
enum class Refinement {
  kAsAnswered,
  kLocal,  // what no click asks for stays as it was (local_change.h)
};

class LookMaker {
 public:
  // All of them outlive the maker.
  LookMaker(const Geometry& geometry, const ResolvedPrompts& prompts, const TargetOptions& options,
            Refinement refinement, PatchModel& model);

  // The patch around the prompts. The errors of PlacePatch, PreparePrompts and the model.
  absl::StatusOr<Look> LookFirst(double spacing_mm);
  // The same at another spacing, with the same prompts. Without tiles where they ask for nothing in it or
  // there is nothing to encode. One of max_looks, as the next.
  absl::StatusOr<Look> LookAround(double spacing_mm);
  // The patch around the middle of what a look found, which is prompted with that, too.
  absl::StatusOr<Look> LookCloser(const Look& found, double spacing_mm);
  bool MayLookAgain() const;

  // Averages what others saw into the look's first patch (BlendLooks), next to what was before.
  absl::Status Blend(std::vector<OtherLook> others, Look& look);
  // The same look moved by a cell of the decoder's grid, in four directions that cancel out: what depends on
  // where the model's tokens fall is averaged away. By whole cells, so that the average blurs nothing.
  absl::Status AverageShifted(Look& look);
  // Follows the lesion from patch to patch; first to positive points that its patch has not seen.
  absl::Status Follow(Look& look);

  LookQuality QualityOf(const Look& look) const;
  // Whether each positive point lies in one of its patches.
  bool SeesAllPoints(const Look& look) const;
  // The mask's largest extent along a patch axis.
  static double LargestExtentMm(const Look& look);
  // INVALID_ARGUMENT naming the first positive point that lies in none of the patches of any look.
  absl::Status CheckPoints() const { return CheckPointsSeen(geometry_, looked_at_, prompts_); }

  const Geometry& geometry() const { return geometry_; }
  const ResolvedPrompts& prompts() const { return prompts_; }
  const TargetOptions& options() const { return options_; }
  const ModelInfo& model() const { return model_.info(); }

  // Every patch that was decoded, in any look; whether each of them was cached; what the caller should know.
  const std::vector<Placement>& looked_at() const { return looked_at_; }
  bool embeddings_cached() const { return embeddings_cached_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  int patches() const { return static_cast<int>(looked_at_.size()); }
  void BeginPatch() { model_.BeginPatch(patches() + 1, options_.max_patches); }
  absl::StatusOr<Placement> PlaceFirst(double spacing_mm);
  absl::StatusOr<PreparedPrompts> Prepare(const Placement& placement, FarPoints far_points);
  absl::StatusOr<std::optional<PreparedPrompts>> PrepareNext(const Placement& placement,
                                                             const LogitsBox& found);
  // The patch at `placement`; without tiles where there is nothing to encode.
  absl::StatusOr<Look> LookAt(const Placement& placement, PreparedPrompts prepared);
  // The same of the target's prompts; without tiles, too, where they ask for nothing in it.
  absl::StatusOr<Look> LookIfPossible(const Placement& placement);
  bool RefinesLocally() const {
    return refinement_ == Refinement::kLocal && !prompts_.previous_logits.empty();
  }
  absl::StatusOr<Look> Answer(const Placement& placement, EmbeddedPatch embedded, PreparedPrompts prepared);
  // Why a tile may count.
  enum class Evidence { kClick, kAgreement };
  bool Sees(const Look& look, const VoxelIndex& at) const;
  // A tile around each positive point that none has seen.
  absl::Status GoToFarPoints(Look& look);
  bool MayStep() const;
  absl::Status StepTo(const TilePosition& at, Evidence evidence, Look& look);
  absl::StatusOr<MaskLogits> Ask(const Placement& placement, EmbeddedPatch embedded,
                                 const PreparedPrompts& prepared);
  // To what was found on the look's grid; by kAgreement, if it agrees with that (LookPolicy.least_agreement).
  void Add(Tile tile, Evidence evidence, Look& look) const;
  absl::Status Restore(Look& look);
  void WarnOfTheLimit();

  const Geometry& geometry_;
  const ResolvedPrompts& prompts_;
  const TargetOptions& options_;
  const Refinement refinement_;
  PatchModel& model_;
  const PatchSizes sizes_;
  const BoxUse box_use_;
  std::vector<Placement> looked_at_;
  bool embeddings_cached_ = true;
  std::vector<std::string> warnings_;
  // Of a local refinement whose first look shows all points: the most that these can mean.
  double most_mm3_ = std::numeric_limits<double>::infinity();
  int looks_ = 0, steps_ = 0;  // that were begun, as TargetOptions counts them
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_LOOK_MAKER_H_
