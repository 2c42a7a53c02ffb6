// What became of a target's prompts where that is not what they ask for: a box that the model cannot take, a
// point that no patch holds, a mask that contradicts a click. For the caller, who would otherwise not see it.
// Pure functions.
#ifndef SGPSAM_CORE_TRANSFORM_PROMPT_NOTES_H_
#define SGPSAM_CORE_TRANSFORM_PROMPT_NOTES_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "core/transform/placement.h"
#include "core/transform/prepare_prompts.h"
#include "core/transform/prompts.h"
#include "core/volume/mask.h"

namespace sgpsam {

// One sentence for each kind of deviation; none where every prompt was used as it was given and the mask
// agrees with the points. `looked_at`: every patch that was decoded, in any look. `found`: the target's mask.
// Points are numbered from 1, in the order of Prompts.points; no coordinate is repeated. The prompts are
// those that PreparePrompts took.
std::vector<std::string> NotesOnPrompts(const ResolvedPrompts& prompts, BoxUse box_use,
                                        absl::Span<const Placement> looked_at, const Mask& found);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PROMPT_NOTES_H_
