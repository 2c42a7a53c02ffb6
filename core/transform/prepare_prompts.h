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
  std::vector<Click> clicks;  // at least one is positive, or there is a box
  // Empty, previous logits on this patch's cells, or logits of a mask prompt or of an assumed shape.
  std::vector<float> mask_logits;
  std::optional<BoxCorners> box = std::nullopt;
  // What each prompt became, in the order of ResolvedPrompts' members; `confined` and `enforced` are for what
  // comes after.
  std::vector<PromptUse> uses = {};
};

// What a positive box becomes: what the model was trained with.
enum class BoxUse {
  kClick,  // a positive click in its middle, unless something positive lies in it anyway
  // The first one its two corners, cut to the patch, and all clicks (ModelInfo.box_corner_embeddings is 2).
  // A box of one slice, and every other one, is a click.
  kCorners,
  // The click, and where no mask or previous logits say more, mask logits of the shape that boxes and lines
  // make likely (AssumedShape).
  kShape,
};

// The most clicks that one scribble becomes, and one negative box: its middle and the corners of a box half
// as large.
inline constexpr size_t kScribbleClicks = 16;
inline constexpr size_t kNegativeBoxClicks = 9;

// Positive points outside the patch that is prepared. Negative ones are always left out: no mask reaches
// them.
enum class FarPoints { kRefuse, kLeaveOut };

struct PromptRules {
  BoxUse box_use = BoxUse::kClick;
  FarPoints far_points = FarPoints::kRefuse;
};

// `placement.patch` is `sizes.patch`. Points become clicks at the patch voxel whose centre is nearest (as the
// reference clicks voxels); boxes become what `rules` say, negative ones some negative clicks; a line becomes
// positive clicks in its middle and at a quarter and three quarters; a scribble becomes clicks spread over
// what of it lies in the patch (SpreadCells). Scribbles and negative boxes share what the others leave of
// kMaxClicks. A mask becomes logits on the decoder's grid; previous logits stay as they are if they lie on
// this very patch, and are resampled onto its cells (trilinear; 0 where they do not reach) if they lie on
// another. Where nothing else is positive in the patch, mask or previous logits (of a known patch) also
// become a click deep inside of what they mark, as far from negative clicks as may be. INVALID_ARGUMENT: a
// positive point outside the patch, if it is to be refused; something positive that lies outside the patch,
// and nothing in it; nothing positive, or left of it (Reason::kNoPositivePrompt); a mask that marks nothing
// of the patch.
absl::StatusOr<PreparedPrompts> PreparePrompts(const Geometry& geometry, const Placement& placement,
                                               const ResolvedPrompts& prompts, const PatchSizes& sizes,
                                               const PromptRules& rules = {});

// The same prompts for a further patch of their target, after PreparePrompts took them for the first: all
// that become clicks or corners as far as they lie in this patch, and what was `found` so far as mask logits,
// resampled (trilinear) onto the patch's cells; 0 where nothing was seen, or the mask prompt's logits. Where
// nothing positive is in sight, a click deep inside what was found, as far from negative clicks as may be.
// Nothing if that is not in sight either.
std::optional<PreparedPrompts> PrepareFollowUp(const Geometry& geometry, const Placement& placement,
                                               const ResolvedPrompts& prompts, const LogitsBox& found,
                                               const PatchSizes& sizes, BoxUse box_use);

// Every prompt, in the order of ResolvedPrompts' members, with nothing that became of it yet.
std::vector<PromptUse> UsesOf(const ResolvedPrompts& prompts);

// Whether a point has what it asks for of a mask on the volume's grid: the voxel nearest to a positive one is
// in the mask, to a negative one is not. And how many have.
bool IsObeyed(const Mask& mask, const ResolvedPoint& point);
int64_t CountPointsObeyed(const Mask& mask, const ResolvedPrompts& prompts);

// Whether a source voxel (continuous) lies in a patch.
bool InPatch(const Geometry& geometry, const Placement& placement, const VoxelIndex& source);

// INVALID_ARGUMENT naming the first positive point that lies in none of the patches; there is at least one.
absl::Status CheckPointsSeen(const Geometry& geometry, absl::Span<const Placement> placements,
                             const ResolvedPrompts& prompts);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PREPARE_PROMPTS_H_
