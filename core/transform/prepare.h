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
  double min = 0, max = 0;           // min < max
};

// The normalised patch: trilinear samples of the volume at the placement's grid (outside = 0; integer
// volumes truncated toward zero, as the reference does), optionally clamped, minus the mean and over
// the unbiased standard deviation of the patch's voxels > 0 (reference/model 2.5, torchio
// ZNormalization). INVALID_ARGUMENT: a sample of the region is NaN or infinite; no voxel is > 0;
// the standard deviation is zero (constant region).
absl::StatusOr<Patch> PreparePatch(const Volume& volume, const Placement& placement,
                                   const std::optional<IntensityClamp>& clamp = std::nullopt);

// The prompts of one target in the patch's terms.
struct PreparedPrompts {
  std::vector<Click> clicks;         // at least one is positive
  std::vector<float> mask_logits;    // empty, the caller's previous logits, or a mask prompt's logits
};

// Points become clicks at the patch voxel whose centre is nearest (as the reference clicks voxels);
// a box adds a positive click at its centre where no positive point is given; a mask becomes logits
// on the decoder's grid and, without any positive point, a click deep inside it. INVALID_ARGUMENT
// for a point outside the volume or the patch, or without any positive prompt.
absl::StatusOr<PreparedPrompts> PreparePrompts(const Geometry& geometry, const Placement& placement,
                                               const Prompts& prompts, const PatchSizes& sizes);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PREPARE_H_
