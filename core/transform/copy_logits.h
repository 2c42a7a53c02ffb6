// Logits that one decode found, on the cells of another patch: the mask prompt of a continuation or of a
// finer look. For the preparation of prompts. A pure function.
#ifndef SGPSAM_CORE_TRANSFORM_COPY_LOGITS_H_
#define SGPSAM_CORE_TRANSFORM_COPY_LOGITS_H_

#include <vector>

#include "core/transform/logits_box.h"
#include "core/transform/patch_mask.h"
#include "core/transform/placement.h"

namespace sgpsam {

// Writes `found`, trilinear at the cells' centres, into those of the patch's logits_side^3 `logits` whose
// centre lies in a cell that was seen; the others stay. Both grids belong to one volume; their spacings may
// differ. Returns the cells that were written with a value above 0.
PatchMask CopyLogits(const LogitsBox& found, const Placement& placement, int64_t logits_side,
                     std::vector<float>& logits);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_COPY_LOGITS_H_
