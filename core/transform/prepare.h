// Volume + placement -> Patch, the model's input. A pure function.
#ifndef SGPSAM_CORE_TRANSFORM_PREPARE_H_
#define SGPSAM_CORE_TRANSFORM_PREPARE_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "core/engine/engine.h"
#include "core/transform/placement.h"
#include "core/volume/volume.h"

namespace sgpsam {

struct IntensityClamp {
  double min = 0, max = 0;  // min < max
};

// What a patch's channels are made of (intensity_scaling.h chooses it).
struct PatchScaling {
  std::optional<IntensityClamp> clamp = std::nullopt;  // of samples, before all else
  std::vector<IntensityWindow> windows{};  // one for each channel; none: one channel, the reference's z-score
};

// The scaled patch: trilinear samples of the volume at the placement's grid. Costs what the patch costs, not
// what the volume does; one thread.
// With windows: window.low becomes -1 and window.high 1 (low may be the larger) in that window's channel,
// what lies beyond is cut off, and outside of the volume is -1. Nothing is too dark, too bright or too even
// for that. Without, as the reference: outside = 0; integer volumes truncated toward zero; samples (not the
// outside) optionally clamped, minus the mean and over the unbiased standard deviation of the patch's voxels
// > 0 (torchio ZNormalization).
// INVALID_ARGUMENT: a sample of the region is NaN, infinite or beyond float32; clamp.min is not below
// clamp.max; without windows, no voxel is > 0, or the standard deviation is zero (constant region).
absl::StatusOr<Patch> PreparePatch(const Volume& volume, const Placement& placement,
                                   const PatchScaling& scaling = {});

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PREPARE_H_
