#include "tools/learn/train/training_options.h"

#include <functional>
#include <iterator>
#include <limits>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

struct Wrong {
  const char* option;
  std::function<void(TrainingOptions&)> set;
};

const double kNan = std::numeric_limits<double>::quiet_NaN(),
             kInfinity = std::numeric_limits<double>::infinity();

TEST(ValidateTrainingOptions, NamesTheOptionThatIsOutOfRange) {
  const Wrong wrongs[] = {
      {"--steps", [](TrainingOptions& o) { o.steps = 0; }},
      {"--steps", [](TrainingOptions& o) { o.steps = std::numeric_limits<int64_t>::max(); }},
      {"--warm-up", [](TrainingOptions& o) { o.warm_up = -1; }},
      {"--batch", [](TrainingOptions& o) { o.batch = 0; }},
      {"--batch", [](TrainingOptions& o) { o.batch = 257; }},
      {"--accumulate", [](TrainingOptions& o) { o.accumulate = 0; }},
      {"--lr", [](TrainingOptions& o) { o.learning_rate = 0; }},
      {"--lr", [](TrainingOptions& o) { o.learning_rate = kNan; }},
      {"--clicks", [](TrainingOptions& o) { o.step.clicks = 0; }},
      {"--clicks", [](TrainingOptions& o) { o.step.clicks = 17; }},
      {"--refine", [](TrainingOptions& o) { o.step.refine = 1.1; }},
      {"--gate-warm-up", [](TrainingOptions& o) { o.gate_warm_up = -1; }},
      {"--map-weight", [](TrainingOptions& o) { o.step.map_weight = kNan; }},
      {"--iou-weight", [](TrainingOptions& o) { o.step.iou_weight = -1; }},
      {"--kinds-weight", [](TrainingOptions& o) { o.step.kinds_weight = -1; }},
      {"--targets", [](TrainingOptions& o) { o.sample.targets = 0; }},
      {"--gamma", [](TrainingOptions& o) { o.step.loss.gamma = -0.1; }},
      {"--dice-weight", [](TrainingOptions& o) { o.step.loss.dice_weight = -1; }},
      {"--dice-weight", [](TrainingOptions& o) { o.step.loss.dice_weight = kInfinity; }},
      {"--focal-weight", [](TrainingOptions& o) { o.step.loss.other_weight = kNan; }},
      {"--focal-weight", [](TrainingOptions& o) { o.step.loss.dice_weight = o.step.loss.other_weight = 0; }},
      {"--gate-budget", [](TrainingOptions& o) { o.step.budget = 1.1; }},
      {"--gate-weight", [](TrainingOptions& o) { o.step.budget_weight = -1; }},
      {"--gate-weight", [](TrainingOptions& o) { o.step.budget_weight = kInfinity; }},
      {"--spacing", [](TrainingOptions& o) { o.sample.min_spacing_mm = 0.1; }},
      {"--spacing", [](TrainingOptions& o) { o.sample.min_spacing_mm = 2; }},
      {"--spacing", [](TrainingOptions& o) { o.sample.max_spacing_mm = 6; }},
      {"--spacing", [](TrainingOptions& o) { o.sample.max_spacing_mm = kNan; }},
      {"--lora", [](TrainingOptions& o) { o.low_rank = -1; }},
      {"--jitter", [](TrainingOptions& o) { o.sample.jitter = -1; }},
      {"--min-voxels", [](TrainingOptions& o) { o.sample.min_voxels = 0; }},
      {"--gain", [](TrainingOptions& o) { o.augment.gain = 1; }},
      {"--gain", [](TrainingOptions& o) { o.augment.gain = kNan; }},
      {"--noise", [](TrainingOptions& o) { o.augment.noise = -1; }},
      {"--noise", [](TrainingOptions& o) { o.augment.noise = kInfinity; }},
      {"--offset", [](TrainingOptions& o) { o.augment.offset = -1; }},
      {"--offset", [](TrainingOptions& o) { o.augment.offset = kInfinity; }},
      {"--weight-decay", [](TrainingOptions& o) { o.optimiser.weight_decay = -1; }},
      {"--weight-decay", [](TrainingOptions& o) { o.optimiser.weight_decay = kInfinity; }},
  };
  EXPECT_TRUE(ValidateTrainingOptions({}).ok());
  for (const Wrong& wrong : wrongs) {
    TrainingOptions options;
    options.sample.max_spacing_mm = 1.8;
    wrong.set(options);
    const absl::Status status = ValidateTrainingOptions(options);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << wrong.option;
    EXPECT_THAT(std::string(status.message()), HasSubstr(wrong.option));
  }
}

TEST(DescribeTraining, TellsEveryOptionFromItsDefault) {
  const std::function<void(TrainingOptions&)> changes[] = {
      [](TrainingOptions&) {},
      [](TrainingOptions& o) { o.steps = 7; },
      [](TrainingOptions& o) { o.warm_up = 7; },
      [](TrainingOptions& o) { o.batch = 7; },
      [](TrainingOptions& o) { o.accumulate = 7; },
      [](TrainingOptions& o) { o.learning_rate = 0.7; },
      [](TrainingOptions& o) { o.seed = 7; },
      [](TrainingOptions& o) { o.parts.image_encoder = true; },
      [](TrainingOptions& o) { o.parts.sgpm = false; },
      [](TrainingOptions& o) { o.parts.prompt_encoder = true; },
      [](TrainingOptions& o) { o.parts.mask_decoder = false; },
      [](TrainingOptions& o) { o.step.clicks = 7; },
      [](TrainingOptions& o) { o.step.refine = 0.7; },
      [](TrainingOptions& o) { o.step.map_weight = 7; },
      [](TrainingOptions& o) { o.step.iou_weight = 7; },
      [](TrainingOptions& o) { o.step.kinds_weight = 7; },
      [](TrainingOptions& o) { o.precision = Precision::kBfloat16; },
      [](TrainingOptions& o) { o.sample.targets = 7; },
      [](TrainingOptions& o) { o.gate_warm_up = 7; },
      [](TrainingOptions& o) { o.step.loss.kind = LossKind::kDiceCrossEntropy; },
      [](TrainingOptions& o) { o.step.loss.dice_weight = 7; },
      [](TrainingOptions& o) { o.step.loss.other_weight = 7; },
      [](TrainingOptions& o) { o.step.loss.gamma = 7; },
      [](TrainingOptions& o) { o.step.budget = 0.7; },
      [](TrainingOptions& o) { o.step.budget_weight = 7; },
      [](TrainingOptions& o) { o.sample.min_spacing_mm = 0.7; },
      [](TrainingOptions& o) { o.sample.max_spacing_mm = 7; },
      [](TrainingOptions& o) { o.sample.jitter = 7; },
      [](TrainingOptions& o) { o.sample.min_voxels = 7; },
      [](TrainingOptions& o) { o.augment.flip = false; },
      [](TrainingOptions& o) { o.augment.gain = 0.7; },
      [](TrainingOptions& o) { o.augment.offset = 0.7; },
      [](TrainingOptions& o) { o.augment.noise = 0.7; },
      [](TrainingOptions& o) { o.optimiser.beta1 = 0.7; },
      [](TrainingOptions& o) { o.optimiser.beta2 = 0.7; },
      [](TrainingOptions& o) { o.optimiser.eps = 0.7; },
      [](TrainingOptions& o) { o.optimiser.weight_decay = 0.7; },
      [](TrainingOptions& o) { o.optimiser.max_gradient_norm = 7; },
  };
  std::set<std::string> descriptions;
  for (const auto& change : changes) {
    TrainingOptions options;
    change(options);
    descriptions.insert(DescribeTraining(options));
  }
  EXPECT_EQ(descriptions.size(), std::size(changes));
  EXPECT_THAT(*descriptions.begin(), testing::Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace sgpsam
