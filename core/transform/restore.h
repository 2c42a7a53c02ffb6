// Logits -> what the caller asked for, on the volume's own grid. Pure functions.
#ifndef SGPSAM_CORE_TRANSFORM_RESTORE_H_
#define SGPSAM_CORE_TRANSFORM_RESTORE_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/byte_buffer.h"
#include "core/engine/engine.h"
#include "core/transform/logits_box.h"
#include "core/transform/placement.h"
#include "core/volume/geometry.h"
#include "core/volume/mask.h"
#include "core/volume/voxel_runs.h"

namespace sgpsam {

struct RestoredMask {
  Mask mask;  // on the volume's grid
  // A mask voxel lies on a face of what was seen, and the volume goes on beyond it.
  bool touches_patch_border = false;
  // What the mask covers of the volume on the patch's canonical grid, inclusive, by patch axis; high < low:
  // nothing.
  std::array<int64_t, 3> low{}, high{{-1, -1, -1}};

  VoxelBox box;  // of the volume, with every voxel of the mask; empty if there is none

  bool empty() const { return high[0] < low[0]; }
};

// Trilinear (align_corners = false) from the decoder's grid to the patch, threshold logit > 0 (sigmoid
// > 0.5), then nearest neighbour onto the volume's grid (SAM-Med3D utils/infer_utils.py). Costs what
// the lesion's bounding box costs, not what the volume does. What was not seen is outside the mask.
RestoredMask RestoreMask(const LogitsBox& logits, const Geometry& geometry);
// The same in the memory of a mask of the volume that marks nothing: that of a large volume takes longer to
// get than a lesion to restore.
RestoredMask RestoreMaskInto(Mask empty, const LogitsBox& logits, const Geometry& geometry);

// The two halves of RestoreMask, for one patch. Its own mask: bit (i*patch + j)*patch + k, least significant
// first (golden `mask_bits`) ...
std::vector<uint8_t> PatchMaskBits(const MaskLogits& logits, const PatchSizes& sizes);

// ... and a mask in that layout, placement.patch voxels on each side, on the volume's grid.
RestoredMask RestorePatchMask(absl::Span<const uint8_t> patch_bits, const Placement& placement,
                              const Geometry& geometry);

// Whether a mask, whose voxels lie in `box`, touches the border of what the logits have seen, as
// RestoredMask.touches_patch_border has it: for a mask that was changed after it was restored.
bool TouchesBorder(const Mask& mask, const VoxelBox& box, const LogitsBox& logits, const Geometry& geometry);

// sigmoid of the upsampled logits on the volume's grid, nearest neighbour as RestoreMask (so > 0.5 is
// its mask), float32, i fastest; 0 outside of what was seen.
// RESOURCE_EXHAUSTED if there is no memory for 4 bytes a voxel.
absl::StatusOr<ByteBuffer> RestoreProbabilities(const LogitsBox& logits, const Geometry& geometry);
// The same of values that are what they are, as a spread; a box without values is 0 everywhere.
absl::StatusOr<ByteBuffer> RestoreSpread(const LogitsBox& spread, const Geometry& geometry);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_RESTORE_H_
