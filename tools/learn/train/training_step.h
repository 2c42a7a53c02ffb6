// One forward pass of training: encode a batch of patches once, then click as a reader would (reference:
// train.py, interaction): the first click lies in the lesion, each next one in what is still wrong, and every
// pass is given the logits of the one before. One thread at a time.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_STEP_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_STEP_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/base/random.h"
#include "core/model/sgp_sam.h"
#include "tools/learn/cases/case.h"
#include "tools/learn/train/example.h"
#include "tools/learn/train/losses.h"

namespace sgpsam {

struct StepOptions {
  int clicks = 3;  // passes of the decoder, each with one click more
  // How likely a pass after the first gets the mask of the one before and no further click, as a closer look
  // at a small lesion does (core/looks/target_segmenter.h).
  double refine = 0;
  // How likely a click lies in the middle of the largest error, as a careful reader's, instead of anywhere in
  // what is wrong; and how likely it is one that changes nothing, anywhere in what is right.
  double centre_clicks = 0;
  double idle_clicks = 0;
  LossOptions loss;
  double obey_weight = 0;  // of DisobedienceLoss, over all clicks so far
  double drop_weight = 0;  // of the soft Dice that is lost from one pass to the next
  // How often gates may be open before it costs: budget_weight * max(0, mean opening - budget)^2, the mean
  // being over the batch and the modules. Gates that no score can close (threshold 0) cost nothing.
  double budget = 0.5;
  double budget_weight = 0;
  // Of the cross entropy with which a KindHead tells from the embedding what lies in each cell: far more to
  // learn from than one mask is, while a model is pretrained. 0: not learned.
  double kinds_weight = 0;
  // Of the loss with which a MapHead finds all targets of the patch, clicked or not, in the modules' detail
  // map: so the map learns from every cell of a patch. 0: not learned.
  double map_weight = 0;
  // Of the squared error with which the decoder predicts the IoU of each mask, as SAM's was trained. 0: not
  // learned, as in SAM-Med3D's trainer; then what it predicts means nothing once the masks have changed.
  double iou_weight = 0;
};

// The linear layers that read from the embedding of which kind a cell is, and from the detail map whether it
// belongs to a target. Not part of the model: they are not kept.
struct KindHead {
  at::Tensor weight;  // [64 kKinds, out]: for each of a token's 4^3 cells
  at::Tensor bias;    // [64 kKinds]
};
struct MapHead {
  at::Tensor weight;  // [d]
  at::Tensor bias;    // [1]
};
struct Heads {
  KindHead kinds;
  MapHead map;
};
inline constexpr int64_t kKinds = Case::kMaxKind + 1;

struct StepResult {
  // One number, to go backwards from: mean over the clicks, and what else weighs something.
  at::Tensor loss;
  double segmentation_loss = 0;  // of the clicks alone
  std::vector<double> dice;  // after each click, mean over the targets, of the masks as they would be served
  std::vector<double> opening;  // by module: the share of the batch whose gate is open
};

// Losses are taken on the logits' own cells, against the share of each that is inside: on the patch's voxels
// they cost more than encoding it. What is wrong, and Dice, is told on voxels, as it is served.
// All examples have equally many targets, each a prompt of its own on the patch's one embedding. They are on
// the processor, `heads` and the loss on the model's device.
// `heads` are used if what they learn weighs something; then all examples have kinds, and for the map the
// model has one.
StepResult RunStep(const SgpSam& model, absl::Span<const Example> batch, const StepOptions& options,
                   Random& random, const Heads& heads = {});

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_STEP_H_
