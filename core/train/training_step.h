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
#include "core/cases/case.h"
#include "core/model/sgp_sam.h"
#include "core/train/example.h"
#include "core/train/losses.h"

namespace sgpsam {

struct StepOptions {
  int clicks = 3;  // passes of the decoder, each with one click more
  LossOptions loss;
  // How often gates may be open before it costs: budget_weight * max(0, mean opening - budget)^2, the mean
  // being over the batch and the modules. Gates that no score can close (threshold 0) cost nothing.
  double budget = 0.5;
  double budget_weight = 0;
  // Of the cross entropy with which a KindHead tells from the embedding what lies in each cell: far more to
  // learn from than one mask is, while a model is pretrained. 0: not learned.
  double kinds_weight = 0;
};

// The linear layer that reads kinds from the embedding. Not part of the model: it is left behind.
struct KindHead {
  at::Tensor weight;  // [64 kKinds, out]: for each of a token's 4^3 cells
  at::Tensor bias;    // [64 kKinds]
};
inline constexpr int64_t kKinds = Case::kMaxKind + 1;

struct StepResult {
  at::Tensor loss;  // one number, to go backwards from: mean over the clicks, and the budget, and the kinds
  double segmentation_loss = 0;  // of the clicks alone
  std::vector<double> dice;  // after each click, mean over the targets, of the masks as they would be served
  std::vector<double> opening;  // by module: the share of the batch whose gate is open
};

// All examples have equally many targets, each a prompt of its own on the patch's one embedding.
// `head` is used if kinds weigh something; then all examples have theirs.
StepResult RunStep(const SgpSam& model, absl::Span<const Example> batch, const StepOptions& options,
                   Random& random, const KindHead& head = {});

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRAIN_TRAINING_STEP_H_
