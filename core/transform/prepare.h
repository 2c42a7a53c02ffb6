// Volume + placement -> Patch, and prompts -> what the decoder takes. Pure functions.
#ifndef SGPSAM_CORE_TRANSFORM_PREPARE_H_
#define SGPSAM_CORE_TRANSFORM_PREPARE_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "core/engine/engine.h"
#include "core/transform/placement.h"
#include "core/transform/prompts.h"
#include "core/volume/volume.h"

namespace sgpsam {

struct IntensityClamp {
  double min = 0, max = 0;  // min < max
};

// The normalised patch: trilinear samples of the volume at the placement's grid (outside = 0; integer
// volumes truncated toward zero, as the reference does), samples (not the outside) optionally clamped,
// minus the mean and over the unbiased standard deviation of the patch's voxels > 0 (torchio
// ZNormalization). Costs what the patch costs, not what the volume does; one thread.
// INVALID_ARGUMENT: a sample of the region is NaN, infinite or beyond float32; no voxel is > 0; the
// standard deviation is zero (constant region); clamp.min is not below clamp.max.
absl::StatusOr<Patch> PreparePatch(const Volume& volume, const Placement& placement,
                                   const std::optional<IntensityClamp>& clamp = std::nullopt);

// The prompts of one target in the patch's terms.
struct PreparedPrompts {
  std::vector<Click> clicks;       // at least one is positive
  std::vector<float> mask_logits;  // empty, the caller's previous logits, or a mask prompt's logits
};

// What a mask prompt turns into: +-8 where a cell of the decoder's grid lies all inside or outside the
// mask (sigmoid 0.9997), in proportion to the share of the cell's voxels between. The mask says where
// the target is, so it is as sure as the model's own logits are at their surest, and no surer.
inline constexpr float kMaskPromptLogit = 8.0f;

// `placement.patch` is `sizes.patch`. Points become clicks at the patch voxel whose centre is nearest (as the
// reference clicks voxels); a box adds a positive click at its centre where no positive point is given; a
// mask becomes logits on the decoder's grid and, with neither a positive point nor a box, a click deep inside
// it. INVALID_ARGUMENT: a point outside the volume or the patch; no positive prompt; more than kMaxClicks
// clicks; an empty or misshapen mask; previous logits of a wrong size, not finite, or with a mask.
absl::StatusOr<PreparedPrompts> PreparePrompts(const Geometry& geometry, const Placement& placement,
                                               const Prompts& prompts, const PatchSizes& sizes);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PREPARE_H_
