// What boxes and lines say of a target's shape, as a mask for the model: a lesion is more like the ellipsoid
// in its box than like the click in the box's middle. For the preparation of prompts. A pure function.
#ifndef SGPSAM_CORE_TRANSFORM_ASSUMED_SHAPE_H_
#define SGPSAM_CORE_TRANSFORM_ASSUMED_SHAPE_H_

#include "core/transform/patch_mask.h"
#include "core/transform/placement.h"
#include "core/transform/prompts.h"
#include "core/volume/geometry.h"

namespace sgpsam {

// A lesion's other diameters, against the longest one that a line measures.
inline constexpr double kLineWidth = 0.8;

// The voxels of the patch whose centres lie in the ellipsoid that fills a positive box (one of a single slice
// is taken to be as thick as its shorter side), or in the one that has a line for its long axis and
// kLineWidth of that for the others.
PatchMask AssumedShape(const Geometry& geometry, const Placement& placement, const ResolvedPrompts& prompts);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_ASSUMED_SHAPE_H_
