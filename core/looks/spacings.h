// At which spacings a target is looked at besides its first patch's: wider ones for what a patch of fine
// voxels may not hold, a finer one for what is small in a patch of usual ones. Pure functions.
#ifndef SGPSAM_CORE_LOOKS_SPACINGS_H_
#define SGPSAM_CORE_LOOKS_SPACINGS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "core/volume/geometry.h"

namespace sgpsam {

// From one look to the next wider one: what fills a patch covers this share of the next, in which there is
// room to see all of it.
inline constexpr double kWiderBy = 1.6;

// The spacings after `first_mm`, above 0, ascending by one ratio of at most kWiderBy to 1.5 mm, the usual
// one; none where that is not worth it. In whole sixteenths of a millimetre.
std::vector<double> WiderSpacings(double first_mm);

// A mask is small if its largest extent is below this share of the patch: then a cell of the decoder's grid
// is large compared with it. The second look makes it that other share: a third of the patch, with as much
// around it on either side, is the size at which the patch of the first look shows large lesions.
inline constexpr double kSmallShare = 1.0 / 4;
inline constexpr double kFinerShare = 1.0 / 3;
// No finer than this, than a model has learned from, or than half the volume's own finest spacing: its voxels
// show no more then, but the cells of a decoder's grid, each of several voxels, draw a finer outline.
inline constexpr double kFinestSpacingMm = 0.5;
// A look must be at least this much finer than another to be worth an encode.
inline constexpr double kWorthwhile = 0.75;

// `extent_mm`, above 0: the mask's largest extent, found with patches of `patch` voxels of `spacing_mm`. The
// spacing of the second look in whole sixteenths of a millimetre, rounded up, so that a mask that changed
// little is looked at again on the same grid; nothing where it is not worth it.
std::optional<double> FinerSpacing(double extent_mm, int64_t patch, double spacing_mm,
                                   const Geometry& geometry, double finest_mm = kFinestSpacingMm);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_SPACINGS_H_
