// MaskLogits + Placement -> what the caller asked for, on the volume's own grid. Pure functions.
#ifndef SGPSAM_CORE_TRANSFORM_RESTORE_H_
#define SGPSAM_CORE_TRANSFORM_RESTORE_H_

#include <vector>

#include "core/base/byte_buffer.h"
#include "core/engine/engine.h"
#include "core/transform/placement.h"
#include "core/volume/geometry.h"
#include "core/volume/mask.h"

namespace sgpsam {

struct RestoredMask {
  Mask mask;                         // on the volume's grid
  bool touches_patch_border = false; // a mask voxel lies on a face of the patch that lies inside the volume
};

// Trilinear (align_corners = false) from the decoder's grid to the patch, threshold sigmoid > 0.5,
// then nearest neighbour onto the volume's grid (reference/model 2.5, "Post").
RestoredMask RestoreMask(const MaskLogits& logits, const PatchSizes& sizes,
                         const Placement& placement, const Geometry& geometry);

// The patch's own mask: bit (i*patch + j)*patch + k, least significant first (golden `mask_bits`).
std::vector<uint8_t> PatchMaskBits(const MaskLogits& logits, const PatchSizes& sizes);

// sigmoid of the upsampled logits on the volume's grid, float32, i fastest; 0 outside the patch.
// RESOURCE_EXHAUSTED if there is no memory for 4 bytes a voxel.
absl::StatusOr<ByteBuffer> RestoreProbabilities(const MaskLogits& logits, const PatchSizes& sizes,
                                                const Placement& placement, const Geometry& geometry);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_RESTORE_H_
