// Looks at one target on grids of different spacings, put together on one of them. A pure function.
#ifndef SGPSAM_CORE_LOOKS_BLEND_LOOKS_H_
#define SGPSAM_CORE_LOOKS_BLEND_LOOKS_H_

#include <vector>

#include "absl/types/span.h"
#include "core/transform/logits_box.h"

namespace sgpsam {

struct OtherLook {
  LogitsBox logits;
  double weight = 0;  // where the look that it is blended into has 1
};

// `own` is one patch's. Its logits averaged with the others' (CopyLogits), cell by cell, where those have
// seen the cell: each by its weight, times the smaller spacing over the larger, since the wider sees more of the
// surroundings but draws a coarser outline.
std::vector<float> BlendLooks(const LogitsBox& own, absl::Span<const OtherLook> others);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_BLEND_LOOKS_H_
