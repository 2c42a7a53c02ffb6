// The strategy for models that have learned from patches of several spacings: the same prompts at one spacing
// after the other, from fine to wide. The best look counts (BetterLook),
// and what the others saw is averaged in.
#ifndef SGPSAM_CORE_LOOKS_LADDER_H_
#define SGPSAM_CORE_LOOKS_LADDER_H_

#include "absl/status/statusor.h"
#include "core/looks/look.h"
#include "core/looks/look_maker.h"

namespace sgpsam {

// The rungs go from the model's first spacing to kUsualSpacingMm, and on to its coarsest while what was found
// needs the room. `first_mm`, the spacing of previous logits or the model's first, is looked at first. Where
// its patch shows nothing to encode, as the inside of something even, a wider one may. A model that has
// learned from finer patches than those it looks at first is asked for a closer look at what is small. Where
// no click contradicts the previous logits, they are the answer (local_change.h). The errors of Zoom.
absl::StatusOr<Look> Ladder(double first_mm, LookMaker& maker);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_LADDER_H_
