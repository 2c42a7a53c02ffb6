// Whether a small mask is worth a second look on a finer grid, and on which. A pure function.
#ifndef SGPSAM_CORE_TRANSFORM_FINER_SPACING_H_
#define SGPSAM_CORE_TRANSFORM_FINER_SPACING_H_

#include <cstdint>
#include <optional>

#include "core/volume/geometry.h"

namespace sgpsam {

// A mask is small if its largest extent is below this share of the patch: then a cell of the decoder's grid
// is large beside it. The second look makes it that other share: a third of the patch, with as much around it
// on either side, is the size at which the patch of the first look shows large lesions.
inline constexpr double kSmallShare = 1.0 / 4;
inline constexpr double kFinerShare = 1.0 / 3;
// No finer than this, than a model has learned from, or than half the volume's own finest spacing: its voxels
// show no more then, but the cells of a decoder's grid, each of several voxels, draw a finer outline.
inline constexpr double kFinestSpacingMm = 0.5;
// A second look must be at least so much finer than the first to be worth an encode.
inline constexpr double kWorthwhile = 0.75;

// `extent_mm`, above 0: the mask's largest extent, found with patches of `patch` voxels of `spacing_mm`. The
// spacing of the second look in whole sixteenths of a millimetre, rounded up, so that a mask that changed
// little is looked at again on the same grid; nothing where it is not worth while.
std::optional<double> FinerSpacing(double extent_mm, int64_t patch, double spacing_mm,
                                   const Geometry& geometry, double finest_mm = kFinestSpacingMm);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_FINER_SPACING_H_
