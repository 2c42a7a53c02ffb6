// The strategy for models that have learned from patches of one spacing, as SAM-Med3D: one look, which may be followed
// over its borders, and a closer one at what is small in it.
#ifndef SGPSAM_CORE_LOOKS_ZOOM_H_
#define SGPSAM_CORE_LOOKS_ZOOM_H_

#include "absl/status/statusor.h"
#include "core/looks/look.h"
#include "core/looks/look_maker.h"

namespace sgpsam {

// `closer`: whether what is small is looked at again. A closer look that finds nothing, obeys fewer points or reaches
// its patch's border is dropped. INVALID_ARGUMENT: a positive point that no patch has seen, and LookFirst's.
absl::StatusOr<Look> Zoom(double first_mm, bool closer, LookMaker& maker);

// A mask that is small for its patch once more, around its own middle: the better of the two.
absl::Status ZoomIn(LookMaker& maker, Look& look);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_ZOOM_H_
