// Logits that give in where the model contradicts a click: a smooth bump around the click, so that the mask's
// border bends and not a single voxel sticks out or is missing. Pure functions.
#ifndef SGPSAM_CORE_TRANSFORM_BEND_LOGITS_H_
#define SGPSAM_CORE_TRANSFORM_BEND_LOGITS_H_

#include <cstdint>

#include "absl/types/span.h"
#include "core/transform/logits_box.h"
#include "core/volume/geometry.h"
#include "core/volume/voxel_runs.h"

namespace sgpsam {

// A voxel of the volume that is to be in the mask, or not.
struct AskedVoxel {
  Voxel at;
  bool inside = true;
};

// The logit that a voxel has after it was bent: of the other sign, this share of what it had, and a little
// more, where it had next to none. However sure the model was, some two fifths of a cell around the voxel
// turn with it where it was as sure everywhere, and more towards a border that is near. Not measured against
// other values.
inline constexpr double kBentShare = 0.1, kLeastBentLogit = 1e-4;
// How far a bump reaches, in cells of the decoder's grid, beyond which it is exactly 0: a click is worth
// about as much of a lesion as the grid resolves. Not measured against other values.
inline constexpr double kBumpCells = 2;

// Bends the logits at each asked voxel whose sign in `logits` is not the one asked for, in their order. A
// bump reaches no further than half way to the nearest voxel that asks for the opposite, so that close
// neighbours are left to whoever sets voxels afterwards; nothing is bent at voxels that the box does not
// hold, or has not seen, or where the bump would be too narrow for the grid. Returns how many were bent.
int64_t BendLogits(const Geometry& geometry, absl::Span<const AskedVoxel> asked, LogitsBox& logits);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_BEND_LOGITS_H_
