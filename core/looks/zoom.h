// The strategy for models that have learned from patches of one spacing, as SAM-Med3D: one look, which may be
// followed over its borders, and a closer one at what is small in it.
#ifndef SGPSAM_CORE_LOOKS_ZOOM_H_
#define SGPSAM_CORE_LOOKS_ZOOM_H_

#include "absl/status/statusor.h"
#include "core/looks/look.h"
#include "core/looks/look_maker.h"

namespace sgpsam {

// `closer`: whether what is small is looked at again. A closer look that finds nothing, obeys fewer points or
// reaches its patch's border is dropped. INVALID_ARGUMENT:
// a positive point that no patch has seen, and LookFirst's.
absl::StatusOr<Look> Zoom(double first_mm, bool closer, LookMaker& maker);

// One more look at a mask that is small for its patch, around its own middle.
enum class CloserLook {
  kNone,
  kShown,    // what is refined is the look before, as SAM-Med3D has it
  kRefined,  // the closer look is what the next call goes on from
};

// What both strategies end with: averages the look, if that is asked for, follows the lesion over its
// borders, and looks closer.
absl::Status Finish(CloserLook closer, LookMaker& maker, Look& look);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_ZOOM_H_
