// Prompts -> what the decoder takes of them in one patch, and how a mask agrees with them. Pure functions.
#ifndef SGPSAM_CORE_TRANSFORM_PREPARE_PROMPTS_H_
#define SGPSAM_CORE_TRANSFORM_PREPARE_PROMPTS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/engine/engine.h"
#include "core/transform/logits_box.h"
#include "core/transform/placement.h"
#include "core/transform/prompts.h"
#include "core/volume/mask.h"

namespace sgpsam {

// The prompts of one target in one patch's terms.
struct PreparedPrompts {
  std::vector<Click> clicks;       // at least one is positive, or there is a box
  std::vector<float> mask_logits;  // empty, previous logits on this patch's cells, or a mask prompt's logits
  std::optional<BoxCorners> box = std::nullopt;
};

// What a box becomes: what the model was trained with.
enum class BoxUse {
  kClick,    // a positive click in its middle, unless there is a positive point anyway
  kCorners,  // its two corners, cut to the patch, and all clicks (ModelInfo.box_corner_embeddings is 2)
};

// Positive points outside the patch that is prepared. Negative ones are always left out: no mask reaches
// them.
enum class FarPoints { kRefuse, kLeaveOut };

struct PromptRules {
  BoxUse box_use = BoxUse::kClick;
  FarPoints far_points = FarPoints::kRefuse;
};

// `placement.patch` is `sizes.patch`. Points become clicks at the patch voxel whose centre is nearest (as the
// reference clicks voxels); a box becomes what `rules` say; a mask becomes logits on the decoder's grid;
// previous logits stay as they are if they lie on this very patch, and are resampled onto its cells
// (trilinear; 0 where they do not reach) if they lie on another. With neither a positive point nor a box,
// mask or previous logits (of a known patch) also become a click deep inside of what they mark, as far from
// negative clicks as may be. INVALID_ARGUMENT: a positive point outside the patch, if it is to be refused; no
// positive prompt; more than kMaxClicks clicks, corners counting as one; a mask that marks nothing of the
// patch.
absl::StatusOr<PreparedPrompts> PreparePrompts(const Geometry& geometry, const Placement& placement,
                                               const ResolvedPrompts& prompts, const PatchSizes& sizes,
                                               const PromptRules& rules = {});

// The same prompts for a further patch of their target, after PreparePrompts took them for the first: points
// and box as far as they lie in this patch, and what was `found` so far as mask logits, resampled (trilinear)
// onto the patch's cells; 0 where nothing was seen, or the mask prompt's logits. Where nothing positive is in
// sight, a click deep inside what was found, as far from negative clicks as may be. Nothing if that is not in
// sight either.
std::optional<PreparedPrompts> PrepareFollowUp(const Geometry& geometry, const Placement& placement,
                                               const ResolvedPrompts& prompts, const LogitsBox& found,
                                               const PatchSizes& sizes, BoxUse box_use);

// Whether a point has what it asks for of a mask on the volume's grid: the voxel nearest to a positive one is
// in the mask, to a negative one is not. And how many have.
bool IsObeyed(const Mask& mask, const ResolvedPoint& point);
int64_t CountPointsObeyed(const Mask& mask, const ResolvedPrompts& prompts);

// INVALID_ARGUMENT naming the first positive point that lies in none of the patches; there is at least one.
absl::Status CheckPointsSeen(const Geometry& geometry, absl::Span<const Placement> placements,
                             const ResolvedPrompts& prompts);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PREPARE_PROMPTS_H_
