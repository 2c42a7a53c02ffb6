#include "tools/learn/train/training_step.h"

#include <ATen/ATen.h>

#include <optional>

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
  at::Tensor cells;  // [P, 4g, 4g, 4g]: the share of each of the logits' cells that is inside
  std::vector<Mask> masks;
  std::vector<Prompt> prompts;  // with the first click
  int64_t of_each = 0;          // P / B
};

Targets GatherTargets(absl::Span<const Example> batch, int64_t cell_voxels, at::Device device) {
  Targets targets;
  std::vector<at::Tensor> truths;
  for (const Example& example : batch) {
    for (const ExampleTarget& target : example.targets) {
      truths.push_back(target.truth);
      Prompt& prompt = targets.prompts.emplace_back();
      prompt.clicks = {target.click};
      if (!target.prior.defined()) continue;
      prompt.mask = MaskPrompt::kLogits;
      prompt.logits = target.prior.to(device);
    }
  }
  targets.masks.resize(truths.size());
  OnCores(static_cast<int64_t>(truths.size()),
          [&](int64_t p) { targets.masks[p] = ToMask(truths[p].gt(0.5)); });
  targets.truth = at::stack(truths).to(device);
  targets.cells = at::avg_pool3d(targets.truth, {cell_voxels, cell_voxels, cell_voxels});
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

Click ToClick(const Voxel& voxel, bool positive) {
  return {static_cast<float>(voxel.i), static_cast<float>(voxel.j), static_cast<float>(voxel.k), positive};
}

// A click that asks for what is there already: anywhere in the truth that is found, or where nothing is and
// nothing is found, next to the lesion as often as not.
std::optional<Click> IdleClick(const Mask& truth, const Mask& prediction, Random& random) {
  const Shape& shape = truth.shape();
  const bool positive = random.Below(2) == 0;
  const auto all = static_cast<uint64_t>(shape.voxels());
  std::vector<uint64_t> right;
  for (uint64_t n = 0; n < all; n += 1 + random.Below(7)) {
    const auto voxel = static_cast<int64_t>(n);
    const int64_t i = voxel % shape.i, j = voxel / shape.i % shape.j, k = voxel / shape.i / shape.j;
    if (truth.at(i, j, k) == positive && prediction.at(i, j, k) == positive) right.push_back(n);
  }
  if (right.empty()) return std::nullopt;
  const auto voxel = static_cast<int64_t>(right[random.Below(right.size())]);
  return ToClick({voxel % shape.i, voxel / shape.i % shape.j, voxel / shape.i / shape.j}, positive);
}

// The click after `prediction`; nothing if nothing is wrong.
std::optional<Click> ClickAfter(const Mask& truth, const Mask& prediction, const StepOptions& options,
                                Random& random) {
  const double chance = random.Uniform();
  if (chance < options.idle_clicks) return IdleClick(truth, prediction, random);
  const bool centre = chance < options.idle_clicks + options.centre_clicks;
  const ClickOptions how = {centre ? ClickStrategy::kCentre : ClickStrategy::kRandom, {1, 1, 1}};
  const auto next = NextClick(truth, prediction, how, random.Next());
  if (!next.ok() || !next->has_value()) return std::nullopt;
  return ToClick((*next)->voxel, (*next)->positive);
}

// Adds the next click of each prompt, or, where there is none, once more the one before,
// since a batch has equally many clicks.
void AddClicks(const at::Tensor& inside, absl::Span<const Mask> truths, const StepOptions& options,
               Random& random, std::vector<Prompt>& prompts) {
  const at::Tensor predicted = inside.to(at::kCPU);
  std::vector<uint64_t> seeds(prompts.size());
  for (uint64_t& seed : seeds) seed = random.Next();
  OnCores(static_cast<int64_t>(prompts.size()), [&](int64_t p) {
    Random own(seeds[p]);
    const Mask prediction = ToMask(predicted[p]);
    prompts[p].clicks.push_back(
        ClickAfter(truths[p], prediction, options, own).value_or(prompts[p].clicks.back()));
  });
}

// logits [P, n, n, n] of cells of so many voxels a side: what the cell of a click says
at::Tensor ClicksLoss(const at::Tensor& logits, int64_t cell_voxels, absl::Span<const Prompt> prompts) {
  const int64_t side = logits.size(1), count = static_cast<int64_t>(prompts[0].clicks.size());
  at::Tensor offsets = at::empty({logits.size(0), count}, at::kLong),
             signs = at::empty({logits.size(0), count});
  int64_t* offset = offsets.mutable_data_ptr<int64_t>();
  float* sign = signs.mutable_data_ptr<float>();
  for (const Prompt& prompt : prompts) {
    for (const Click& click : prompt.clicks) {
      const auto at = [&](float voxel) { return static_cast<int64_t>(voxel) / cell_voxels; };
      *offset++ = (at(click.i) * side + at(click.j)) * side + at(click.k);
      *sign++ = click.positive ? 1 : -1;
    }
  }
  return DisobedienceLoss(logits, offsets.to(logits.device()), signs.to(logits.device()));
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
  const int64_t cell_voxels = patch / model.config.sizes().logits_side;
  Targets targets = GatherTargets(batch, cell_voxels, device);
  const Encoded encoded = Encode(model.image_encoder, Stack(batch, &Example::patch, device));
  ImageFeatures image = {encoded.embedding.repeat_interleave(targets.of_each, 0)};
  if (encoded.detail.defined()) image.detail = encoded.detail.repeat_interleave(targets.of_each, 0);
  StepResult result;
  std::vector<at::Tensor> losses, iou_losses;
  at::Tensor before;  // the soft Dice of the pass before
  for (int click = 0; click < options.clicks; ++click) {
    const Decoded decoded = DecodePrompts(model, image, targets.prompts);
    const at::Tensor &low_res = decoded.low_res, &iou = decoded.iou;  // [P, 1, 4g, 4g, 4g], [P, 1]
    const at::Tensor logits = low_res.squeeze(1);
    losses.push_back(SegmentationLoss(logits, targets.cells, options.loss));
    if (options.obey_weight > 0) {
      losses.back() = losses.back() + options.obey_weight * ClicksLoss(logits, cell_voxels, targets.prompts);
    }
    if (options.drop_weight > 0) {
      const at::Tensor dice = SoftDice(logits, targets.cells);
      if (before.defined())
        losses.back() = losses.back() + options.drop_weight * at::relu(before - dice).mean();
      before = dice.detach();
    }
    const at::Tensor inside =
        at::upsample_trilinear3d(low_res.detach(), {patch, patch, patch}, /*align_corners=*/false)
            .squeeze(1)
            .gt(0);
    if (options.iou_weight > 0) iou_losses.push_back(IouLoss(iou.squeeze(1), inside, targets.truth));
    result.dice.push_back(HardDice(inside, targets.truth));
    if (click + 1 == options.clicks) break;
    const bool refine = options.refine > 0 && random.Uniform() < options.refine;
    if (!refine) AddClicks(inside, targets.masks, options, random, targets.prompts);
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
