// A label volume seen on a patch's grid: the truth that belongs to a patch. Pure function.
#ifndef SGPSAM_CORE_TRANSFORM_PATCH_LABELS_H_
#define SGPSAM_CORE_TRANSFORM_PATCH_LABELS_H_

#include "core/transform/placement.h"
#include "core/volume/mask.h"
#include "core/volume/volume.h"

namespace sgpsam {

// The patch's voxels whose nearest voxel of `labels` (halves up, as RestoreMask's) has the value `label`;
// mask voxel i, j, k is patch voxel i, j, k. Outside the volume there is no label.
Mask PatchLabels(const Volume& labels, double label, const Placement& placement);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PATCH_LABELS_H_
