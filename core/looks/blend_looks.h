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

struct BlendedLooks {
  std::vector<float> logits;
  // How far the looks are from each other: the standard deviation of their probabilities, 0 to 0.5.
  std::vector<float> spread;
};

// By cell of `own`, which is one patch's: its logits averaged with the others' (CopyLogits), where those have
// seen the cell. Each counts by its weight, times the smaller spacing over the larger, since the wider sees
// more of the surroundings but draws a coarser outline.
BlendedLooks BlendLooks(const LogitsBox& own, absl::Span<const OtherLook> others);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_BLEND_LOOKS_H_
