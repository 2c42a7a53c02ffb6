// What training minimises. All take raw logits and the truth on the same grid, [B, i, j, k] each, truth 0 or
// 1 (or the share of a voxel that is inside), give one number, and are differentiable in the logits. Means
// are taken over the B samples last, so that a small lesion counts as much as a large one. Pure functions.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_LOSSES_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_LOSSES_H_

#include <ATen/core/Tensor.h>

namespace sgpsam {

enum class LossKind {
  kZoom,              // Dice + voxel-balanced focal
  kDiceCrossEntropy,  // Dice + mean cross entropy: what SAM-Med3D is trained with (reference: train.py,
                      // DiceCE)
};

struct LossOptions {
  LossKind kind = LossKind::kZoom;
  double dice_weight = 1;
  double other_weight = 1;  // of the focal term, or of the cross entropy
  double gamma = 2;         // of the focal term: how little a voxel counts that is right already; >= 0
};

// What the focal term is best weighed with next to Dice. Weighed as much as it, voxels around a small lesion
// are too cheap to be left out and the mask grows: on made-up lesions, 220 steps gave a Dice of 0.25, with a
// tenth 0.37.
inline constexpr double kFocalWeight = 0.1;

// 2 sum(p y) / (sum p + sum y), p = sigmoid(logits), smoothed by one voxel; of each sample, [B].
at::Tensor SoftDice(const at::Tensor& logits, const at::Tensor& truth);
// 1 - the mean of those.
at::Tensor DiceLoss(const at::Tensor& logits, const at::Tensor& truth);

// The focal cross entropy -(1 - q)^gamma log q, q being the probability of what is true, averaged over the
// lesion's voxels and over the background's, each class for half: however few the lesion's voxels are, they
// weigh as much as all others. The abstract of SGP-SAM names "a voxel-balanced focal term" and no formula;
// this one is ours (docs/training.md).
at::Tensor VoxelBalancedFocalLoss(const at::Tensor& logits, const at::Tensor& truth, double gamma);

at::Tensor CrossEntropyLoss(const at::Tensor& logits, const at::Tensor& truth);

// What it costs not to do what clicks ask for: softplus(1 - sign logit), averaged over all clicks. offsets
// [B, T], int64: of the clicked voxels; signs [B, T]: 1 of a positive click, -1 of a negative one.
at::Tensor DisobedienceLoss(const at::Tensor& logits, const at::Tensor& offsets, const at::Tensor& signs);

// The weighted sum that the options name.
at::Tensor SegmentationLoss(const at::Tensor& logits, const at::Tensor& truth, const LossOptions& options);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_LOSSES_H_
