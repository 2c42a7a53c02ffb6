// What one training pass looks at: a patch, and what is to be found in it from clicks. Plain values.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_EXAMPLE_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_EXAMPLE_H_

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/engine/engine.h"

namespace sgpsam {

struct ExampleTarget {
  at::Tensor truth;  // [i, j, k], float32, 0 or 1
  Click click;       // the first, inside the truth
  // [4g, 4g, 4g]: what is known before the first click, as of another look or of a
  // neighbouring patch (prior.h); undefined: nothing.
  at::Tensor prior = {};
};

struct Example {
  at::Tensor patch;                    // [channel, i, j, k], float32, scaled
  std::vector<ExampleTarget> targets;  // at least one
  // [4g, 4g, 4g], int64: the kind (Case::kinds) of the target in the middle of each of the logits' cells, 0
  // where there is none; undefined unless kinds are learned.
  at::Tensor kinds;
};

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_EXAMPLE_H_
