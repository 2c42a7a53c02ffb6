// Looks at one target on grids of different spacings, put together on one of them. A pure function.
#ifndef SGPSAM_CORE_LOOKS_BLEND_LOOKS_H_
#define SGPSAM_CORE_LOOKS_BLEND_LOOKS_H_

#include <vector>

#include "absl/types/span.h"
#include "core/transform/logits_box.h"

namespace sgpsam {

// Another look's weight, where the look itself has 1: this, and less the more its voxels differ in size, since
// the wider sees more of the surroundings but draws a coarser outline.
inline constexpr double kOtherLook = 0.5;

// `own` is one patch's. Its logits averaged with the others' (CopyLogits), cell by cell, where those have
// seen the cell: kOtherLook times the smaller spacing over the larger, each.
std::vector<float> BlendLooks(const LogitsBox& own, absl::Span<const LogitsBox> others);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_BLEND_LOOKS_H_
