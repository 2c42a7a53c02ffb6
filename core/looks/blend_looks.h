// Looks at one target on grids of different spacings, put together on one of them. A pure function.
#ifndef SGPSAM_CORE_LOOKS_BLEND_LOOKS_H_
#define SGPSAM_CORE_LOOKS_BLEND_LOOKS_H_

#include <vector>

#include "absl/types/span.h"
#include "core/transform/logits_box.h"

namespace sgpsam {

// `own` is one patch's. Its logits averaged with the others' (CopyLogits), cell by cell, where those have
// seen the cell: LookPolicy.other_look times the smaller spacing over the larger, each; its own count 1.
std::vector<float> BlendLooks(const LogitsBox& own, absl::Span<const LogitsBox> others);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_BLEND_LOOKS_H_
