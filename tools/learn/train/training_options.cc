#include "tools/learn/train/training_options.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace sgpsam {
namespace {

constexpr int64_t kMostSteps = 1'000'000'000;

absl::Status Require(bool holds, absl::string_view option, absl::string_view range) {
  if (holds) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--", option, " must be ", range));
}

// What a term of a loss may weigh. Not NaN either, of which all comparisons fail.
bool IsWeight(double value) { return value >= 0 && value <= 1000; }

}  // namespace

absl::Status ValidateTrainingOptions(const TrainingOptions& options) {
  const StepOptions& step = options.step;
  const SampleOptions& sample = options.sample;
  const AugmentOptions& augment = options.augment;
  RETURN_IF_ERROR(Require(options.steps >= 1 && options.steps <= kMostSteps, "steps", "1 to 1,000,000,000"));
  RETURN_IF_ERROR(
      Require(options.warm_up >= 0 && options.warm_up <= kMostSteps, "warm-up", "0 to 1,000,000,000 steps"));
  RETURN_IF_ERROR(Require(options.gate_warm_up >= 0 && options.gate_warm_up <= kMostSteps, "gate-warm-up",
                          "0 to 1,000,000,000 steps"));
  RETURN_IF_ERROR(Require(options.batch >= 1 && options.batch <= 256, "batch", "1 to 256"));
  RETURN_IF_ERROR(Require(options.accumulate >= 1 && options.accumulate <= 1024, "accumulate", "1 to 1024"));
  RETURN_IF_ERROR(
      Require(options.learning_rate > 0 && options.learning_rate < 1, "lr", "above 0 and below 1"));
  RETURN_IF_ERROR(Require(step.clicks >= 1 && step.clicks <= 16, "clicks", "1 to 16"));
  RETURN_IF_ERROR(Require(step.refine >= 0 && step.refine <= 1, "refine", "0 to 1"));
  RETURN_IF_ERROR(Require(step.loss.gamma >= 0 && step.loss.gamma <= 10, "gamma", "0 to 10"));
  RETURN_IF_ERROR(Require(IsWeight(step.loss.dice_weight) && IsWeight(step.loss.other_weight) &&
                              step.loss.dice_weight + step.loss.other_weight > 0,
                          "dice-weight and --focal-weight", "0 to 1000, and not both 0"));
  RETURN_IF_ERROR(Require(step.budget >= 0 && step.budget <= 1, "gate-budget", "0 to 1"));
  RETURN_IF_ERROR(Require(IsWeight(step.budget_weight), "gate-weight", "0 to 1000"));
  RETURN_IF_ERROR(Require(IsWeight(step.kinds_weight), "kinds-weight", "0 to 1000"));
  RETURN_IF_ERROR(Require(IsWeight(step.map_weight), "map-weight", "0 to 1000"));
  RETURN_IF_ERROR(Require(IsWeight(step.iou_weight), "iou-weight", "0 to 1000"));
  RETURN_IF_ERROR(Require(sample.min_spacing_mm >= 0.25 && sample.min_spacing_mm <= sample.max_spacing_mm &&
                              sample.max_spacing_mm <= 3,
                          "spacing", "0.25 to 3 mm, the finest first"));
  RETURN_IF_ERROR(Require(sample.jitter >= 0 && sample.jitter <= 64, "jitter", "0 to 64 voxels"));
  RETURN_IF_ERROR(Require(sample.targets >= 1 && sample.targets <= 64, "targets", "1 to 64"));
  RETURN_IF_ERROR(Require(augment.gain >= 0 && augment.gain < 1, "gain", "at least 0 and below 1"));
  RETURN_IF_ERROR(Require(augment.offset >= 0 && augment.offset <= 10, "offset", "0 to 10"));
  RETURN_IF_ERROR(Require(augment.noise >= 0 && augment.noise <= 10, "noise", "0 to 10"));
  RETURN_IF_ERROR(Require(options.low_rank >= 0 && options.low_rank <= 1024, "lora", "0 to 1024"));
  RETURN_IF_ERROR(Require(IsWeight(options.optimiser.weight_decay), "weight-decay", "0 to 1000"));
  return Require(sample.min_voxels >= 1 && sample.min_voxels <= 1'000'000, "min-voxels", "1 to 1,000,000");
}

std::string DescribeTraining(const TrainingOptions& o) {
  nlohmann::ordered_json json = {
      {"draws", 3},  // raised whenever the same seed comes to draw other examples
      {"steps", o.steps},
      {"warm_up", o.warm_up},
      {"gate_warm_up", o.gate_warm_up},
      {"batch", o.batch},
      {"accumulate", o.accumulate},
      {"precision", o.precision == Precision::kBfloat16 ? "bf16" : "float32"},
      {"learning_rate", o.learning_rate},
      {"seed", o.seed},
      {"trains", {o.parts.image_encoder, o.parts.sgpm, o.parts.prompt_encoder, o.parts.mask_decoder}},
      {"clicks", o.step.clicks},
      {"refine", o.step.refine},
      {"loss", o.step.loss.kind == LossKind::kZoom ? "zoom" : "dice_ce"},
      {"loss_weights", {o.step.loss.dice_weight, o.step.loss.other_weight}},
      {"gamma", o.step.loss.gamma},
      {"gate_budget", {o.step.budget, o.step.budget_weight}},
      {"kinds_weight", o.step.kinds_weight},
      {"map_weight", o.step.map_weight},
      {"iou_weight", o.step.iou_weight},
      {"spacing_mm", {o.sample.min_spacing_mm, o.sample.max_spacing_mm}},
      {"jitter", o.sample.jitter},
      {"min_voxels", o.sample.min_voxels},
      {"targets", o.sample.targets},
      {"clicks_at", {o.step.centre_clicks, o.step.idle_clicks}},
      {"obey", {o.step.obey_weight, o.step.drop_weight}},
      {"fill", {o.sample.least_fill, o.sample.most_fill}},
      {"prior", o.sample.prior},
      {"unknown_modality", o.sample.unknown_modality},
      {"other_tones", o.sample.other_tones},
      {"augment",
       {o.augment.flip ? 1.0 : 0.0, o.augment.exchange ? 1.0 : 0.0, o.augment.turn, o.augment.gain,
        o.augment.offset, o.augment.gamma, o.augment.blur, o.augment.thick_slices, o.augment.noise}},
      {"adamw",
       {o.optimiser.beta1, o.optimiser.beta2, o.optimiser.eps, o.optimiser.weight_decay,
        o.optimiser.max_gradient_norm}}};
  if (o.low_rank > 0) json["lora"] = o.low_rank;
  return json.dump();
}

}  // namespace sgpsam
