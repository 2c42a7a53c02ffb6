#include "core/train/training_step.h"

#include <ATen/ATen.h>

#include "core/evaluation/click_simulator.h"
#include "core/train/patch_mask.h"

namespace sgpsam {
namespace {

at::Tensor Stack(absl::Span<const Example> batch, at::Tensor Example::*member) {
  std::vector<at::Tensor> tensors;
  for (const Example& example : batch) tensors.push_back(example.*member);
  return at::stack(tensors);
}

// Mean over the batch of the Dice of hard masks; an empty truth does not occur.
double HardDice(const at::Tensor& inside, const at::Tensor& truth) {
  const at::Tensor mask = inside.to(at::kFloat).flatten(1), y = truth.flatten(1);
  return (2 * (mask * y).sum(1) / (mask.sum(1) + y.sum(1))).mean().item<double>();
}

// Adds the next click of each prompt: in what is wrong, or, where nothing is, once more where the last was,
// since a batch has equally many clicks.
void AddClicks(const at::Tensor& inside, absl::Span<const Mask> truths, Random& random,
               std::vector<Prompt>& prompts) {
  for (size_t b = 0; b < prompts.size(); ++b) {
    const Mask prediction = ToMask(inside[static_cast<int64_t>(b)]);
    const auto next = NextClick(truths[b], prediction, {ClickStrategy::kRandom, {1, 1, 1}}, random.Next());
    Click click = prompts[b].clicks.back();
    if (next.ok() && next->has_value()) {
      const auto& [voxel, positive] = **next;
      click = {static_cast<float>(voxel.i), static_cast<float>(voxel.j), static_cast<float>(voxel.k),
               positive};
    }
    prompts[b].clicks.push_back(click);
  }
}

at::Tensor BudgetLoss(const at::Tensor& gate_scores, double threshold, const StepOptions& options) {
  const at::Tensor open = gate_scores.detach().gt(threshold).to(at::kFloat);
  const at::Tensor opening = (open + (gate_scores - gate_scores.detach())).mean();
  return options.budget_weight * at::clamp_min(opening - options.budget, 0).square();
}

}  // namespace

StepResult RunStep(const SgpSam& model, absl::Span<const Example> batch, const StepOptions& options,
                   Random& random) {
  const int64_t patch = model.config.patch;
  const at::Tensor truth = Stack(batch, &Example::truth);
  std::vector<Mask> truths;
  std::vector<Prompt> prompts(batch.size());
  for (size_t b = 0; b < batch.size(); ++b) {
    truths.push_back(ToMask(batch[b].truth.gt(0.5)));
    prompts[b].clicks = {batch[b].click};
  }
  const Encoded encoded = Encode(model.image_encoder, Stack(batch, &Example::patch).unsqueeze(1));
  StepResult result;
  std::vector<at::Tensor> losses;
  for (int click = 0; click < options.clicks; ++click) {
    const at::Tensor low_res =
        DecodePrompts(model, encoded.embedding, prompts).low_res;  // [B, 1, 4g, 4g, 4g]
    const at::Tensor logits =
        at::upsample_trilinear3d(low_res, {patch, patch, patch}, /*align_corners=*/false).squeeze(1);
    losses.push_back(SegmentationLoss(logits, truth, options.loss));
    const at::Tensor inside = logits.detach().gt(0);
    result.dice.push_back(HardDice(inside, truth));
    if (click + 1 == options.clicks) break;
    AddClicks(inside, truths, random, prompts);
    for (size_t b = 0; b < prompts.size(); ++b) {
      prompts[b].mask = MaskPrompt::kLogits;
      prompts[b].logits = low_res[static_cast<int64_t>(b)][0].detach();
    }
  }
  result.loss = at::stack(losses).mean();
  result.segmentation_loss = result.loss.item<double>();
  const int64_t modules = encoded.gate_scores.size(1);
  for (int64_t m = 0; m < modules; ++m) {
    const at::Tensor open = encoded.gate_scores.select(1, m).gt(model.config.sgpm.threshold);
    result.opening.push_back(open.to(at::kFloat).mean().item<double>());
  }
  const float threshold = model.config.sgpm.threshold;
  if (options.budget_weight > 0 && modules > 0 && threshold > 0) {
    result.loss = result.loss + BudgetLoss(encoded.gate_scores, threshold, options);
  }
  return result;
}

}  // namespace sgpsam
