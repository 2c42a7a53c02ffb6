// Prompts as a caller gives them -> the same in the voxels of their volume. The door of whatever looks at a
// target: what is checked here is not checked again. Pure functions.
#ifndef SGPSAM_CORE_TRANSFORM_RESOLVE_PROMPTS_H_
#define SGPSAM_CORE_TRANSFORM_RESOLVE_PROMPTS_H_

#include "absl/status/statusor.h"
#include "core/engine/engine.h"
#include "core/transform/prompts.h"
#include "core/volume/geometry.h"

namespace sgpsam {

// A prompt's position as source index. INVALID_ARGUMENT, saying how far outside in mm and which
// extent the volume has, if it lies outside the volume or is not finite.
absl::StatusOr<VoxelIndex> ResolvePosition(const Geometry& geometry, const PromptPosition& position);

// INVALID_ARGUMENT, naming the prompt: a position that ResolvePosition refuses; a previous patch whose centre
// is not in the volume, beyond the part of a voxel that placing rounds by; a mask of another shape than the
// volume's; a mask and previous logits together; previous logits that are not sizes.logits_floats() finite
// numbers; more prompts of a kind than prompts.h allows; a scribble without a voxel, or with one outside the
// volume; too many voxels of all scribbles. Logits that are all 0 and come without a patch say nothing and
// are left out. Whether there is anything positive among them, PreparePrompts says.
absl::StatusOr<ResolvedPrompts> ResolvePrompts(const Geometry& geometry, const PatchSizes& sizes,
                                               Prompts prompts);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_RESOLVE_PROMPTS_H_
