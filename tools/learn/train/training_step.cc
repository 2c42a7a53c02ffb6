#include "tools/learn/train/training_step.h"

#include <ATen/ATen.h>

#include "tools/learn/evaluation/click_simulator.h"
#include "tools/learn/train/on_cores.h"
#include "tools/learn/train/patch_mask.h"

namespace sgpsam {
namespace {

at::Tensor Stack(absl::Span<const Example> batch, at::Tensor Example::*member, at::Device device) {
  std::vector<at::Tensor> tensors;
  for (const Example& example : batch) tensors.push_back(example.*member);
  return at::stack(tensors).to(device);
}

// The batch's targets, patch by patch: P in all.
struct Targets {
  at::Tensor truth;  // [P, i, j, k], on the model's device
  std::vector<Mask> masks;
  std::vector<Prompt> prompts;  // with the first click
  int64_t of_each = 0;          // P / B
};

Targets GatherTargets(absl::Span<const Example> batch, at::Device device) {
  Targets targets;
  std::vector<at::Tensor> truths;
  for (const Example& example : batch) {
    for (const ExampleTarget& target : example.targets) {
      truths.push_back(target.truth);
      targets.prompts.emplace_back().clicks = {target.click};
    }
  }
  targets.masks.resize(truths.size());
  OnCores(static_cast<int64_t>(truths.size()),
          [&](int64_t p) { targets.masks[p] = ToMask(truths[p].gt(0.5)); });
  targets.truth = at::stack(truths).to(device);
  targets.of_each = targets.truth.size(0) / static_cast<int64_t>(batch.size());
  return targets;
}

// Mean over the targets of the Dice of hard masks; an empty truth does not occur.
double HardDice(const at::Tensor& inside, const at::Tensor& truth) {
  const at::Tensor mask = inside.to(at::kFloat).flatten(1), y = truth.flatten(1);
  return (2 * (mask * y).sum(1) / (mask.sum(1) + y.sum(1))).mean().item<double>();
}

// predicted [P]; inside, truth [P, i, j, k] -> one number
at::Tensor IouLoss(const at::Tensor& predicted, const at::Tensor& inside, const at::Tensor& truth) {
  const at::Tensor mask = inside.flatten(1), target = truth.gt(0.5).flatten(1);
  const at::Tensor both = mask.logical_and(target).sum(1), either = mask.logical_or(target).sum(1);
  return (predicted - both / either).square().mean();
}

// Adds the next click of each prompt: in what is wrong, or, where nothing is, once more where the last was,
// since a batch has equally many clicks.
void AddClicks(const at::Tensor& inside, absl::Span<const Mask> truths, Random& random,
               std::vector<Prompt>& prompts) {
  const at::Tensor predicted = inside.to(at::kCPU);
  std::vector<uint64_t> seeds(prompts.size());
  for (uint64_t& seed : seeds) seed = random.Next();
  OnCores(static_cast<int64_t>(prompts.size()), [&](int64_t p) {
    const Mask prediction = ToMask(predicted[p]);
    const auto next = NextClick(truths[p], prediction, {ClickStrategy::kRandom, {1, 1, 1}}, seeds[p]);
    Click click = prompts[p].clicks.back();
    if (next.ok() && next->has_value()) {
      const auto& [voxel, positive] = **next;
      click = {static_cast<float>(voxel.i), static_cast<float>(voxel.j), static_cast<float>(voxel.k),
               positive};
    }
    prompts[p].clicks.push_back(click);
  });
}

at::Tensor BudgetLoss(const at::Tensor& gate_scores, double threshold, const StepOptions& options) {
  const at::Tensor open = gate_scores.detach().gt(threshold).to(at::kFloat);
  const at::Tensor opening = (open + (gate_scores - gate_scores.detach())).mean();
  return options.budget_weight * at::clamp_min(opening - options.budget, 0).square();
}

// embedding [B, out, g, g, g] -> one number
at::Tensor KindsLoss(const KindHead& head, const at::Tensor& embedding, absl::Span<const Example> batch) {
  const int64_t count = embedding.size(0), grid = embedding.size(2);
  const at::Tensor by_token = Stack(batch, &Example::kinds, embedding.device())
                                  .view({count, grid, 4, grid, 4, grid, 4})
                                  .permute({0, 1, 3, 5, 2, 4, 6})
                                  .reshape({-1});
  const at::Tensor tokens = embedding.flatten(2).transpose(1, 2).reshape({count * grid * grid * grid, -1});
  const at::Tensor logits = at::addmm(head.bias, tokens, head.weight.t()).view({-1, kKinds});
  return at::cross_entropy_loss(logits, by_token);
}

// detail [B, d, 4g, 4g, 4g] -> one number
at::Tensor MapLoss(const MapHead& head, const at::Tensor& detail, absl::Span<const Example> batch,
                   const LossOptions& options) {
  const at::Tensor cells = at::gelu(detail).permute({0, 2, 3, 4, 1});  // what the mask decoder reads of it
  const at::Tensor logits = at::matmul(cells, head.weight) + head.bias;
  const at::Tensor kinds = Stack(batch, &Example::kinds, detail.device());
  return SegmentationLoss(logits, kinds.gt(0).to(at::kFloat), options);
}

}  // namespace

StepResult RunStep(const SgpSam& model, absl::Span<const Example> batch, const StepOptions& options,
                   Random& random, const Heads& heads) {
  const int64_t patch = model.config.patch;
  const at::Device device = model.device();
  Targets targets = GatherTargets(batch, device);
  const Encoded encoded = Encode(model.image_encoder, Stack(batch, &Example::patch, device).unsqueeze(1));
  ImageFeatures image = {encoded.embedding.repeat_interleave(targets.of_each, 0)};
  if (encoded.detail.defined()) image.detail = encoded.detail.repeat_interleave(targets.of_each, 0);
  StepResult result;
  std::vector<at::Tensor> losses, iou_losses;
  for (int click = 0; click < options.clicks; ++click) {
    const auto [low_res, iou] = DecodePrompts(model, image, targets.prompts);  // [P, 1, 4g, 4g, 4g], [P, 1]
    const at::Tensor logits =
        at::upsample_trilinear3d(low_res, {patch, patch, patch}, /*align_corners=*/false).squeeze(1);
    losses.push_back(SegmentationLoss(logits, targets.truth, options.loss));
    const at::Tensor inside = logits.detach().gt(0);
    if (options.iou_weight > 0) iou_losses.push_back(IouLoss(iou.squeeze(1), inside, targets.truth));
    result.dice.push_back(HardDice(inside, targets.truth));
    if (click + 1 == options.clicks) break;
    const bool refine = options.refine > 0 && random.Uniform() < options.refine;
    if (!refine) AddClicks(inside, targets.masks, random, targets.prompts);
    for (size_t p = 0; p < targets.prompts.size(); ++p) {
      targets.prompts[p].mask = MaskPrompt::kLogits;
      targets.prompts[p].logits = low_res[static_cast<int64_t>(p)][0].detach();
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
  if (options.iou_weight > 0) {
    result.loss = result.loss + options.iou_weight * at::stack(iou_losses).mean();
  }
  if (options.kinds_weight > 0) {
    result.loss = result.loss + options.kinds_weight * KindsLoss(heads.kinds, encoded.embedding, batch);
  }
  if (options.map_weight > 0) {
    result.loss = result.loss + options.map_weight * MapLoss(heads.map, encoded.detail, batch, options.loss);
  }
  return result;
}

}  // namespace sgpsam
