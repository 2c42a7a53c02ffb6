// Volume + placement -> Patch, the model's input. A pure function.
#ifndef SGPSAM_CORE_TRANSFORM_PREPARE_H_
#define SGPSAM_CORE_TRANSFORM_PREPARE_H_

#include <optional>

#include "absl/status/statusor.h"
#include "core/engine/engine.h"
#include "core/transform/placement.h"
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

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PREPARE_H_
