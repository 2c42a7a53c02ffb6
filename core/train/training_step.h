// One forward pass of training: encode a batch of patches once, then click as a reader would (reference:
// train.py, interaction): the first click lies in the lesion, each next one in what is still wrong, and every
// pass is given the logits of the one before. One thread at a time.
#ifndef SGPSAM_CORE_TRAIN_TRAINING_STEP_H_
#define SGPSAM_CORE_TRAIN_TRAINING_STEP_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/base/random.h"
#include "core/engine/engine.h"
#include "core/model/sgp_sam.h"
#include "core/train/losses.h"

namespace sgpsam {

struct Example {
  at::Tensor patch;  // [i, j, k], float32, normalised
  at::Tensor truth;  // [i, j, k], float32, 0 or 1
  Click click;       // the first
};

struct StepOptions {
  int clicks = 3;  // passes of the decoder, each with one click more
  LossOptions loss;
  // How often gates may be open before it costs: budget_weight * max(0, mean opening - budget)^2, the mean
  // being over the batch and the modules. Gates that no score can close (threshold 0) cost nothing.
  double budget = 0.5;
  double budget_weight = 0;
};

struct StepResult {
  at::Tensor loss;               // one number, to go backwards from: mean over the clicks, and the budget
  double segmentation_loss = 0;  // without the budget
  std::vector<double> dice;     // after each click, mean over the batch, of the masks as they would be served
  std::vector<double> opening;  // by module: the share of the batch whose gate is open
};

StepResult RunStep(const SgpSam& model, absl::Span<const Example> batch, const StepOptions& options,
                   Random& random);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRAIN_TRAINING_STEP_H_
