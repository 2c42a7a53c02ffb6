#include "tools/learn/train/losses.h"

#include <ATen/ATen.h>

namespace sgpsam {
namespace {

constexpr double kObeyedMargin = 1;  // logits, by which a click should be obeyed
constexpr double kSmooth = 1;  // voxels: keeps an empty truth, and an empty answer, from dividing by zero

at::Tensor BySample(const at::Tensor& values) { return values.flatten(1); }  // [B, voxels]

}  // namespace

at::Tensor SoftDice(const at::Tensor& logits, const at::Tensor& truth) {
  const at::Tensor p = at::sigmoid(BySample(logits)), y = BySample(truth);
  const at::Tensor overlap = (p * y).sum(1), sizes = p.sum(1) + y.sum(1);
  return (2 * overlap + kSmooth) / (sizes + kSmooth);
}

at::Tensor DiceLoss(const at::Tensor& logits, const at::Tensor& truth) {
  return (1 - SoftDice(logits, truth)).mean();
}

at::Tensor DisobedienceLoss(const at::Tensor& logits, const at::Tensor& offsets, const at::Tensor& signs) {
  const at::Tensor at_clicks = BySample(logits).gather(1, offsets);
  return at::softplus(kObeyedMargin - signs * at_clicks).mean();
}

at::Tensor VoxelBalancedFocalLoss(const at::Tensor& logits, const at::Tensor& truth, double gamma) {
  const at::Tensor x = BySample(logits), y = BySample(truth);
  // Both logarithms are exact where p saturates, and the power of one has a finite gradient where the power
  // of p, for a gamma below 1, has none.
  const at::Tensor log_p = at::log_sigmoid(x), log_not_p = at::log_sigmoid(-x);
  const at::Tensor inside = -log_p * at::exp(gamma * log_not_p);
  const at::Tensor outside = -log_not_p * at::exp(gamma * log_p);
  const at::Tensor lesion = (inside * y).sum(1) / (y.sum(1) + kSmooth);
  const at::Tensor background = (outside * (1 - y)).sum(1) / ((1 - y).sum(1) + kSmooth);
  return (0.5 * (lesion + background)).mean();
}

at::Tensor CrossEntropyLoss(const at::Tensor& logits, const at::Tensor& truth) {
  return at::binary_cross_entropy_with_logits(logits, truth, /*weight=*/{}, /*pos_weight=*/{},
                                              at::Reduction::Mean);
}

at::Tensor SegmentationLoss(const at::Tensor& logits, const at::Tensor& truth, const LossOptions& options) {
  const at::Tensor other = options.kind == LossKind::kZoom
                               ? VoxelBalancedFocalLoss(logits, truth, options.gamma)
                               : CrossEntropyLoss(logits, truth);
  return options.dice_weight * DiceLoss(logits, truth) + options.other_weight * other;
}

}  // namespace sgpsam
