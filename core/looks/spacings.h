// At which spacings a target is looked at besides its first patch's: wider ones for what a patch of fine
// voxels may not hold, a finer one for what is small in a patch of usual ones. Pure functions.
#ifndef SGPSAM_CORE_LOOKS_SPACINGS_H_
#define SGPSAM_CORE_LOOKS_SPACINGS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "core/looks/look_policy.h"
#include "core/volume/geometry.h"

namespace sgpsam {

// The spacings after `first_mm`, above 0, ascending by one ratio of at most LookPolicy.wider_by to `last_mm`;
// none where that is not worth it. In whole sixteenths of a millimetre, but for the last.
std::vector<double> WiderSpacings(double first_mm, double last_mm);

// Those of a model that has learned several: its first, on to kUsualSpacingMm, and on to its coarsest.
std::vector<double> Rungs(double first_mm, double coarsest_mm);

// Of a model's spacings, ascending, the first whose patch of `patch` voxels has room for what prompts say is
// `extent_mm` large (LookPolicy.roomy_share); the last if none has.
double SpacingWithRoom(double extent_mm, int64_t patch, absl::Span<const double> spacings_mm);

// `extent_mm`, above 0: the mask's largest extent, found with patches of `patch` voxels of `spacing_mm`. The
// spacing of the second look in whole sixteenths of a millimetre, rounded up, so that a mask that changed
// little is looked at again on the same grid, and no finer than `finest_mm` or half the volume's own; nothing
// where the mask is not small or a second look is not worth it.
std::optional<double> FinerSpacing(double extent_mm, int64_t patch, double spacing_mm,
                                   const Geometry& geometry,
                                   double finest_mm = kLookPolicy.finest_spacing_mm);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_SPACINGS_H_
