// The strategy for models that have learned from patches of several spacings: the same prompts at one spacing
// after the other, from fine to wide. The best look counts (BetterLook),
// and what the others saw is averaged in.
#ifndef SGPSAM_CORE_LOOKS_LADDER_H_
#define SGPSAM_CORE_LOOKS_LADDER_H_

#include "absl/status/statusor.h"
#include "core/engine/engine.h"
#include "core/looks/look.h"
#include "core/looks/look_maker.h"
#include "core/transform/prompts.h"
#include "core/volume/geometry.h"

namespace sgpsam {

// The narrowest rung: the model's first spacing, or the one that has room for the extent that boxes, lines,
// scribbles or a mask say (SizeHintMm), of which a narrower patch would show a part.
double NarrowestRung(const Geometry& geometry, const ResolvedPrompts& prompts, const ModelInfo& model);

// The rungs go from the narrowest to kUsualSpacingMm, and on to the model's coarsest while what was found
// needs the room; of targets whose size prompts say (SaySize), all but the first only then. `first_mm`, the
// spacing of previous logits or the narrowest rung, is looked at first. Where its patch shows nothing to
// encode, as the inside of something even, a wider one may. A model that has learned from finer patches than
// those it looks at first is asked for a closer look at what is small. Where no click contradicts the
// previous logits, they are the answer (local_change.h). The errors of Zoom.
absl::StatusOr<Look> Ladder(double first_mm, LookMaker& maker);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_LADDER_H_
