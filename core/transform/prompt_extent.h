// What prompts say of where a target lies and how large it is: for whoever places patches and chooses
// spacings. Pure functions.
#ifndef SGPSAM_CORE_TRANSFORM_PROMPT_EXTENT_H_
#define SGPSAM_CORE_TRANSFORM_PROMPT_EXTENT_H_

#include <optional>

#include "core/transform/prompts.h"
#include "core/volume/geometry.h"

namespace sgpsam {

// What a target is looked for around: the first positive point, else the middle of what the first positive
// scribble marks, else of the first positive box, else of the first line. Nothing if there is none of them; a
// mask and previous logits have places of their own.
std::optional<VoxelIndex> FocusOf(const ResolvedPrompts& prompts);

// Whether anything says that there is something to find: a positive point, box or scribble, a line, a mask,
// or previous logits.
bool AskForSomething(const ResolvedPrompts& prompts);

// The extent in mm that positive boxes, lines, positive scribbles and the mask ask for, above 0: of the box
// around all of them the longest side, and no less than the longest line. Nothing if there is none of them: a
// point says nothing of size, and previous logits were sized before. A box is drawn around a lesion and is an
// upper bound, the others are lower bounds.
std::optional<double> SizeHintMm(const Geometry& geometry, const ResolvedPrompts& prompts);

// Whether boxes or lines measure the target. Scribbles mark a part of it, and a mask may be wrong.
bool SaySize(const ResolvedPrompts& prompts);

// The voxels that a line runs through, as Ordered gives them.
std::vector<VoxelRun> VoxelsOn(const ResolvedLine& line, const Shape& shape);

// The voxel of a position in the volume.
Voxel VoxelAt(const VoxelIndex& position, const Shape& shape);
VoxelRun RunAt(const Voxel& voxel);

// The axis along which a box is one slice of a volume that has several; -1 if there is none. Of several the
// last one, along which slices usually lie.
int FlatAxis(const ResolvedBox& box, const Shape& shape);

bool Contains(const VoxelBox& box, const Voxel& voxel);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PROMPT_EXTENT_H_
