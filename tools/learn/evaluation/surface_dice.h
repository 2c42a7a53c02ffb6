// The normalised surface Dice (NSD) of two masks at a tolerance: the share of both borders that lies within
// the tolerance of the other mask's border,
//
//     (|{x in border A: distance to border B <= t}| + |{x in border B: distance to border A <= t}|)
//     / (|border A| + |border B|).
//
// A border is a set of voxels: those of the mask with at least one of their six neighbours outside the mask,
// what lies beyond the volume being outside. Every border voxel counts the same, and distances are between
// voxel centres: MONAI's SurfaceDiceMetric as it is by default (no sub-voxel areas), and not the
// area-weighted form of DeepMind's surface-distance. Pure functions; thread-safe. The cost is that of the box
// around both masks.
#ifndef SGPSAM_TOOLS_LEARN_EVALUATION_SURFACE_DICE_H_
#define SGPSAM_TOOLS_LEARN_EVALUATION_SURFACE_DICE_H_

#include <array>

#include "absl/status/statusor.h"
#include "core/volume/mask.h"

namespace sgpsam {

inline constexpr double kSurfaceToleranceMm = 2;

// 0 to 1: 1 if both masks are empty (where MONAI has no number), 0 if one is. A distance that exceeds the
// tolerance by less than a millionth of it is within, because spacings are often written as 32-bit floats:
// seven steps of 2/7 mm are meant to be 2 mm. Spacings are positive, as Geometry::spacing_mm has them; the
// tolerance is not negative. INVALID_ARGUMENT unless both masks have the same shape.
absl::StatusOr<double> SurfaceDice(const Mask& a, const Mask& b, const std::array<double, 3>& spacing_mm,
                                   double tolerance_mm = kSurfaceToleranceMm);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_EVALUATION_SURFACE_DICE_H_
