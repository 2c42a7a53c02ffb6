// What is known of a target before a patch is looked at, made up from its truth: the answer of a look at
// another spacing, or of the neighbouring patch from which a lesion is followed
// (core/transform/prepare_prompts.h, PrepareFollowUp). One thread at a time;
// the same random numbers give the same.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_PRIOR_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_PRIOR_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/base/random.h"

namespace sgpsam {

// truth [p, p, p], 0 or 1, float32 -> logits [cells, cells, cells]: drawn coarser, its border moved in or
// out, of random confidence, noisy; in half of all cases nothing (0) is known beyond a plane, as where no
// other patch has looked. Undefined if nothing of the truth is known then.
at::Tensor MakePrior(const at::Tensor& truth, int64_t cells, Random& random);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_PRIOR_H_
