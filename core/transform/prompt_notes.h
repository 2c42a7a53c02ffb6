// What of a target's prompts had no effect, or less than they ask for: what lies beyond all that was looked
// at, logits whose place was assumed. For the caller, who would otherwise not see it. Pure functions. What
// was done to the mask so that it obeys is in obey_prompts.h.
#ifndef SGPSAM_CORE_TRANSFORM_PROMPT_NOTES_H_
#define SGPSAM_CORE_TRANSFORM_PROMPT_NOTES_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "core/transform/placement.h"
#include "core/transform/prompts.h"
#include "core/volume/geometry.h"

namespace sgpsam {

// One sentence for each kind of deviation; none where every prompt was used as it was given. `looked_at`:
// every patch that was decoded, in any look; `shape`: the volume's. Points are numbered from 1, in the order
// of Prompts.points; no coordinate is repeated. The prompts are those that PreparePrompts took.
std::vector<std::string> NotesOnPrompts(const ResolvedPrompts& prompts, absl::Span<const Placement> looked_at,
                                        const Shape& shape);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PROMPT_NOTES_H_
