// What is said in one way wherever a target's prompts are refused. Pure functions.
#ifndef SGPSAM_CORE_TRANSFORM_PROMPT_REFUSALS_H_
#define SGPSAM_CORE_TRANSFORM_PROMPT_REFUSALS_H_

#include <cstddef>

#include "absl/status/status.h"

namespace sgpsam {

// The same refusal, of the point with index `n` of the target: named from 1, in text and metadata.
absl::Status OfPoint(const absl::Status& status, size_t n);
// ... of another prompt: "box", "line", "scribble", the one with index `n` of its kind.
absl::Status OfPrompt(const char* kind, const absl::Status& status, size_t n);
absl::Status TooManyPoints();

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PROMPT_REFUSALS_H_
