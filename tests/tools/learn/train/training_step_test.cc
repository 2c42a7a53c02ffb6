#include "tools/learn/train/training_step.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/model/load_weights.h"
#include "gtest/gtest.h"
#include "tests/support/small_model.h"
#include "tools/learn/evaluation/click_simulator.h"
#include "tools/learn/evaluation/overlap.h"
#include "tools/learn/train/parameters.h"
#include "tools/learn/train/patch_mask.h"

namespace sgpsam {
namespace {

constexpr int64_t kPatch = 16;
constexpr uint64_t kSeed = 7;

Parameters Trained(const ModelConfig& config) {
  return Parameters::FromFile(SmallModel(config), config, {}).value();
}

SgpSam Assemble(const Parameters& parameters) {
  return AssembleSgpSam(parameters.source(), parameters.config(), at::kCPU, Precision::kFloat32);
}

SgpSam Model(const ModelConfig& config) {
  return LoadSgpSam(SmallModel(config), config, at::kCPU, Precision::kFloat32).value();
}

// Two patches of waves with a box to find in each, and a click inside it.
std::vector<Example> Batch() {
  std::vector<Example> batch;
  for (const uint64_t seed : {1, 2}) {
    Example example;
    example.patch = at::tensor(SeededPatch(seed, kPatch)).view({1, kPatch, kPatch, kPatch});
    const at::Tensor truth = at::zeros({kPatch, kPatch, kPatch});
    truth.narrow(0, 3, 6).narrow(1, 5, 4).narrow(2, 2 + static_cast<int64_t>(seed), 7).fill_(1);
    example.targets = {{truth, {5, 6, 7, true}}};
    batch.push_back(example);
  }
  return batch;
}

StepOptions Clicks(int clicks) {
  StepOptions options;
  options.clicks = clicks;
  return options;
}

StepResult Measure(const ModelConfig& config, const StepOptions& options,
                   const std::vector<Example>& batch = Batch()) {
  const c10::NoGradGuard no_gradients;
  Random random(kSeed);
  return RunStep(Model(config), batch, options, random);
}

// One sample, click by click, with the parts that a server has.
class ByHand {
 public:
  ByHand(const SgpSam& model, const Example& example)
      : model_(model),
        truth_(example.targets[0].truth),
        embedding_(
            Encode(model.image_encoder, example.patch.view({1, 1, kPatch, kPatch, kPatch})).embedding) {
    prompt_.clicks = {example.targets[0].click};
  }

  // The logits on the patch's grid after the clicks so far.
  at::Tensor Decode() {
    low_res_ = DecodePrompts(model_, {embedding_}, {prompt_}).low_res;
    return at::upsample_trilinear3d(low_res_, {kPatch, kPatch, kPatch}, false)[0][0];
  }
  void Click(const sgpsam::Click& click) {
    prompt_.clicks.push_back(click);
    Refine();
  }
  void Refine() {
    prompt_.mask = MaskPrompt::kLogits;
    prompt_.logits = low_res_[0][0];
  }
  void Know(const at::Tensor& logits) {
    prompt_.mask = MaskPrompt::kLogits;
    prompt_.logits = logits;
  }
  double Dice(const at::Tensor& logits) const {
    return sgpsam::Dice(ToMask(logits.gt(0)), ToMask(truth_.gt(0.5))).value();
  }

 private:
  const SgpSam& model_;
  const at::Tensor truth_, embedding_;
  at::Tensor low_res_;
  Prompt prompt_;
};

Click ToClick(const SimulatedClick& click) {
  return {static_cast<float>(click.voxel.i), static_cast<float>(click.voxel.j),
          static_cast<float>(click.voxel.k), click.positive};
}

TEST(TrainingStep, ClicksSecondInWhatIsWrongAfterTheFirst) {
  const c10::NoGradGuard no_gradients;
  const SgpSam model = Model(SmallConfig());
  const std::vector<Example> batch = Batch();
  Random random(kSeed);
  double first_loss = 0, second_loss = 0, first_dice = 0, second_dice = 0, unmoved_dice = 0;
  for (const Example& example : batch) {
    ByHand by_hand(model, example);
    const at::Tensor first = by_hand.Decode(), inside = first.gt(0);
    Random own(random.Next());  // each prompt's; its first number chooses the kind of click
    own.Uniform();
    const SimulatedClick next = NextClick(ToMask(example.targets[0].truth.gt(0.5)), ToMask(inside),
                                          {ClickStrategy::kRandom}, own.Next())
                                    .value()
                                    .value();
    const auto at_click = [&](const at::Tensor& values) {
      return values[next.voxel.i][next.voxel.j][next.voxel.k].item<float>() > 0;
    };
    EXPECT_NE(at_click(first), at_click(example.targets[0].truth));  // it is wrong there
    EXPECT_EQ(next.positive, at_click(example.targets[0].truth));    // and the click says which way
    by_hand.Click(ToClick(next));
    const at::Tensor second = by_hand.Decode();
    first_dice += by_hand.Dice(first) / 2;
    second_dice += by_hand.Dice(second) / 2;
    first_loss +=
        SegmentationLoss(first.unsqueeze(0), example.targets[0].truth.unsqueeze(0), {}).item<double>() / 2;
    second_loss +=
        SegmentationLoss(second.unsqueeze(0), example.targets[0].truth.unsqueeze(0), {}).item<double>() / 2;
    ByHand unmoved(model, example);
    unmoved.Decode();
    unmoved.Click(example.targets[0].click);
    unmoved_dice += unmoved.Dice(unmoved.Decode()) / 2;
  }
  const StepResult result = Measure(SmallConfig(), Clicks(2));
  ASSERT_EQ(result.dice.size(), 2u);
  EXPECT_NEAR(result.dice[0], first_dice, 1e-6);
  EXPECT_NEAR(result.dice[1], second_dice, 1e-6);
  EXPECT_NE(unmoved_dice, second_dice) << "the test could not tell one click from another";
  EXPECT_NEAR(result.segmentation_loss, (first_loss + second_loss) / 2, 1e-5);
}

// Of the first click alone: softplus(1 - logit) at it, of each sample, then the mean.
TEST(TrainingStep, CountsClicksThatAreNotFollowed) {
  const c10::NoGradGuard no_gradients;
  const SgpSam model = Model(SmallConfig());
  double disobedience = 0;
  for (const Example& example : Batch()) {
    const Click& click = example.targets[0].click;
    const at::Tensor logits = ByHand(model, example).Decode();
    const double logit =
        logits[static_cast<int64_t>(click.i)][static_cast<int64_t>(click.j)][static_cast<int64_t>(click.k)]
            .item<double>();
    disobedience += std::log1p(std::exp(1 - logit)) / 2;
  }
  StepOptions options = Clicks(1);
  const double plain = Measure(SmallConfig(), options).segmentation_loss;
  options.obey_weight = 3;
  EXPECT_NEAR(Measure(SmallConfig(), options).segmentation_loss, plain + 3 * disobedience, 1e-4);
}

// A second pass with the mask of the first and no further click, of which the soft Dice is lost or not.
TEST(TrainingStep, CountsTheDiceThatIsLost) {
  const c10::NoGradGuard no_gradients;
  const SgpSam model = Model(SmallConfig());
  double lost = 0, gained = 0;
  for (const Example& example : Batch()) {
    ByHand by_hand(model, example);
    const at::Tensor truth = example.targets[0].truth.unsqueeze(0);
    const double before = SoftDice(by_hand.Decode().unsqueeze(0), truth).item<double>();
    by_hand.Refine();
    const double after = SoftDice(by_hand.Decode().unsqueeze(0), truth).item<double>();
    lost += std::max(0.0, before - after) / 2;
    gained += std::max(0.0, after - before) / 2;
  }
  ASSERT_GT(lost + gained, 1e-4) << "nothing is lost or gained here";
  StepOptions options = Clicks(2);
  options.refine = 1;
  const double plain = Measure(SmallConfig(), options).segmentation_loss;
  options.drop_weight = 100;
  EXPECT_NEAR(Measure(SmallConfig(), options).segmentation_loss, plain + 100 * lost / 2, 1e-3);
  ASSERT_GT(lost, 1e-5) << "the test could not tell a loss from none";
}

TEST(TrainingStep, BeginsWithWhatIsKnownBeforehand) {
  const c10::NoGradGuard no_gradients;
  const SgpSam model = Model(SmallConfig());
  std::vector<Example> batch = Batch();
  double dice = 0, unknowing = 0;
  for (Example& example : batch) {
    ByHand by_hand(model, example);
    unknowing += by_hand.Dice(by_hand.Decode()) / 2;
    example.targets[0].prior = example.targets[0].truth * 12 - 6;
    by_hand.Know(example.targets[0].prior);
    dice += by_hand.Dice(by_hand.Decode()) / 2;
  }
  EXPECT_NEAR(Measure(SmallConfig(), Clicks(1), batch).dice[0], dice, 1e-6);
  EXPECT_NE(dice, unknowing);
}

// Each kind of click is another one, and its loss follows from the seed.
TEST(TrainingStep, ClicksAsItIsToldTo) {
  const auto loss = [](double centre, double idle) {
    StepOptions options = Clicks(3);
    options.centre_clicks = centre;
    options.idle_clicks = idle;
    return Measure(SmallConfig(), options).segmentation_loss;
  };
  EXPECT_EQ(loss(0, 1), loss(0, 1));
  EXPECT_NE(loss(0, 0), loss(1, 0));
  EXPECT_NE(loss(0, 0), loss(0, 1));
  EXPECT_NE(loss(1, 0), loss(0, 1));
}

// The second pass: the first click alone, and the mask that it gave.
TEST(TrainingStep, LooksAgainWithoutAnotherClickIfAsked) {
  const c10::NoGradGuard no_gradients;
  const SgpSam model = Model(SmallConfig());
  double first_dice = 0, second_dice = 0;
  for (const Example& example : Batch()) {
    ByHand by_hand(model, example);
    first_dice += by_hand.Dice(by_hand.Decode()) / 2;
    by_hand.Refine();
    second_dice += by_hand.Dice(by_hand.Decode()) / 2;
  }
  StepOptions options = Clicks(2);
  options.refine = 1;
  const StepResult result = Measure(SmallConfig(), options);
  ASSERT_EQ(result.dice.size(), 2u);
  EXPECT_NEAR(result.dice[0], first_dice, 1e-6);
  EXPECT_NEAR(result.dice[1], second_dice, 1e-6);
  EXPECT_NE(Measure(SmallConfig(), Clicks(2)).dice[1], result.dice[1]);
}

TEST(TrainingStep, ClicksOnceMoreWhereTheLastClickWasIfNothingIsWrong) {
  const c10::NoGradGuard no_gradients;
  const SgpSam model = Model(SmallConfig());
  std::vector<Example> batch = Batch();
  batch.resize(1);
  ByHand by_hand(model, batch[0]);
  const at::Tensor first = by_hand.Decode();
  batch[0].targets[0].truth = first.gt(0).to(at::kFloat);
  ASSERT_GT(batch[0].targets[0].truth.sum().item<float>(), 0);
  by_hand.Click(batch[0].targets[0].click);
  const at::Tensor second = by_hand.Decode();
  const StepResult result = Measure(SmallConfig(), Clicks(2), batch);
  EXPECT_EQ(result.dice[0], 1);
  const double overlap = (second.gt(0).to(at::kFloat) * batch[0].targets[0].truth).sum().item<double>();
  const double sizes = (second.gt(0).to(at::kFloat) + batch[0].targets[0].truth).sum().item<double>();
  EXPECT_NEAR(result.dice[1], 2 * overlap / sizes, 1e-6);
}

// Two targets on each of two patches, and four patches with one target each: the same numbers, from half the
// encoding.
TEST(TrainingStep, AsksForEachTargetOfAPatchByItself) {
  std::vector<Example> apart, together = Batch();
  const std::vector<ExampleTarget> targets{together[0].targets[0], together[1].targets[0]};
  for (Example& example : together) {
    for (const ExampleTarget& target : targets) apart.push_back({example.patch, {target}, {}});
    example.targets = targets;
  }
  const StepResult expected = Measure(SmallConfig(), Clicks(2), apart),
                   result = Measure(SmallConfig(), Clicks(2), together);
  ASSERT_EQ(result.dice.size(), 2u);
  EXPECT_NEAR(result.dice[0], expected.dice[0], 1e-6);
  EXPECT_NEAR(result.dice[1], expected.dice[1], 1e-6);
  EXPECT_NEAR(result.segmentation_loss, expected.segmentation_loss, 1e-5);
}

// A head that knows nothing says the same of every kind; one that tells the truth costs nothing.
TEST(TrainingStep, LearnsTheKindsOfCells) {
  std::vector<Example> batch = Batch();
  for (Example& example : batch) example.kinds = at::full({16, 16, 16}, 5, at::kLong);
  StepOptions options = Clicks(1);
  options.kinds_weight = 2;
  const c10::NoGradGuard no_gradients;
  const KindHead head{at::zeros({64 * kKinds, 24}), at::zeros({64 * kKinds})};
  const auto cost = [&] {
    Random random(kSeed);
    const StepResult result = RunStep(Model(SmallConfig()), batch, options, random, {head, {}});
    return result.loss.item<double>() - result.segmentation_loss;
  };
  EXPECT_NEAR(cost(), 2 * std::log(static_cast<double>(kKinds)), 1e-4);
  head.bias.view({64, kKinds}).select(1, 5).fill_(50);
  EXPECT_NEAR(cost(), 0, 1e-4);
  // One cell of the first patch, (i, j, k) = (5, 2, 15): token (1, 0, 3), in it cell (1, 2, 3).
  batch[0].kinds[5][2][15] = 6;
  head.bias.view({4, 4, 4, kKinds})[1][2][3].fill_(0);
  head.bias.view({4, 4, 4, kKinds})[1][2][3][6] = 50;
  EXPECT_NEAR(cost(), 2 * 50.0 * (2 * 64 - 1) / (2 * 64 * 64),
              1e-3);  // right once, wrong in all other tokens
}

// The head sees every cell of the map: one that answers as the truth is costs next to nothing, though no
// click tells it where the targets are; and all of the modules' map learns from it.
TEST(TrainingStep, LearnsAllTargetsFromTheMap) {
  std::vector<Example> batch = Batch();
  for (Example& example : batch) example.kinds = at::zeros({16, 16, 16}, at::kLong);
  batch[0].kinds.narrow(0, 3, 5).narrow(1, 2, 6).fill_(4);
  ModelConfig config = SmallConfig();
  config.sgpm.detail_channels = 3;
  SgpSam model = Model(config);
  StepOptions options = Clicks(1);
  options.map_weight = 2;
  MapHead head{at::zeros({3}), at::zeros({1})};
  const auto cost = [&] {
    Random random(kSeed);
    const StepResult result = RunStep(model, batch, options, random, {{}, head});
    return result.loss - result.segmentation_loss;
  };
  const at::Tensor truth = at::stack({batch[0].kinds, batch[1].kinds}).gt(0).to(at::kFloat);
  const double unknown = 2 * SegmentationLoss(at::zeros_like(truth), truth, options.loss).item<double>();
  EXPECT_NEAR(cost().item<double>(), unknown, 1e-4);
  head.bias.fill_(-50);  // nothing anywhere: right in the second patch
  const double nothing = 2 * SegmentationLoss(at::full_like(truth, -50), truth, options.loss).item<double>();
  EXPECT_NEAR(cost().item<double>(), nothing, 1e-4);
  head.weight.normal_().requires_grad_(true);
  cost().backward();
  EXPECT_GT(head.weight.grad().abs().min().item<float>(), 0);
}

// A head that always says the same is wrong by its distance from the mask's IoU, Dice / (2 - Dice).
TEST(TrainingStep, LearnsToPredictTheIou) {
  const std::vector<Example> batch = {Batch().front()};
  SgpSam model = Model(SmallConfig());
  StepOptions options = Clicks(1);
  options.iou_weight = 2;
  Linear& last = model.mask_decoder.iou_head.lin2;
  last.weight = at::zeros_like(last.weight);
  for (const float says : {0.0f, 0.75f, 2.0f}) {
    last.bias = at::full_like(last.bias, says);
    Random random(kSeed);
    const StepResult result = RunStep(model, batch, options, random, {});
    const double iou = result.dice[0] / (2 - result.dice[0]);
    EXPECT_GT(iou, 0);
    EXPECT_NEAR(result.loss.item<double>() - result.segmentation_loss, 2 * (says - iou) * (says - iou), 1e-5);
  }
}

TEST(TrainingStep, FollowsFromItsRandomNumbers) {
  const StepResult first = Measure(SmallConfig(), Clicks(3)), again = Measure(SmallConfig(), Clicks(3));
  EXPECT_EQ(first.segmentation_loss, again.segmentation_loss);
  EXPECT_EQ(first.dice, again.dice);
  EXPECT_EQ(first.dice.size(), 3u);
}

// The values are those of the model that is served, whatever gathers gradients.
TEST(TrainingStep, MeasuresTheSameWithGradients) {
  const Parameters parameters = Trained(SmallConfig());
  Random random(kSeed);
  const StepResult with = RunStep(Assemble(parameters), Batch(), Clicks(2), random);
  const StepResult without = Measure(SmallConfig(), Clicks(2));
  EXPECT_NEAR(with.segmentation_loss, without.segmentation_loss, 1e-5);
  EXPECT_NEAR(with.dice[0], without.dice[0], 0.01);
  EXPECT_EQ(with.opening, without.opening);
}

TEST(TrainingStep, GivesGradientsToAllThatIsTrainedAndToNothingElse) {
  Parameters parameters = Trained(SmallConfig());
  Random random(kSeed);
  RunStep(Assemble(parameters), Batch(), Clicks(2), random).loss.backward();
  size_t with = 0;
  for (const auto& [name, tensor] : parameters.all()) {
    if (!tensor.grad().defined()) continue;
    ++with;
    EXPECT_TRUE(tensor.requires_grad()) << name;
    EXPECT_TRUE(at::isfinite(tensor.grad()).all().item<bool>()) << name;
  }
  // All but the hypernetworks of the mask tokens that a click does not ask for, and the quality's head, which
  // no loss looks at.
  const size_t unused = 3 * 6 + 6;
  EXPECT_EQ(with, parameters.trained().size() - unused);
}

TEST(TrainingStep, CountsOpenGates) {
  const auto opening = [](float threshold) {
    ModelConfig config = SmallConfig();
    config.sgpm.threshold = threshold;
    return Measure(config, Clicks(1)).opening;
  };
  EXPECT_EQ(opening(0), (std::vector<double>{1, 1}));
  EXPECT_EQ(opening(0.999f), (std::vector<double>{0, 0}));
  // Between the two patches' scores of the first module.
  const c10::NoGradGuard no_gradients;
  const std::vector<Example> batch = Batch();
  const at::Tensor scores =
      Encode(Model(SmallConfig()).image_encoder, at::stack({batch[0].patch, batch[1].patch}))
          .gate_scores.select(1, 0);
  ASSERT_NE(scores[0].item<float>(), scores[1].item<float>());
  EXPECT_EQ(opening(scores.mean().item<float>())[0], 0.5);
}

TEST(TrainingStep, HasNoOpeningsOfAPlainModel) {
  ModelConfig config = SmallConfig();
  config.sgpm.blocks.clear();
  StepOptions options = Clicks(1);
  options.budget = 0;
  options.budget_weight = 5;
  const StepResult result = Measure(config, options);
  EXPECT_TRUE(result.opening.empty());
  EXPECT_EQ(result.loss.item<double>(), result.segmentation_loss);
}

// What the budget adds to the loss while both gates are open, or closed.
double BudgetTerm(float threshold, double budget, double weight) {
  ModelConfig config = SmallConfig();
  config.sgpm.threshold = threshold;
  StepOptions options = Clicks(1);
  options.budget = budget;
  options.budget_weight = weight;
  const StepResult result = Measure(config, options);
  return result.loss.item<double>() - result.segmentation_loss;
}

TEST(TrainingStep, CostsNothingBelowTheBudget) {
  EXPECT_EQ(BudgetTerm(0.1f, 1, 3), 0);
  EXPECT_EQ(BudgetTerm(0.999f, 0.3, 3), 0);
}

TEST(TrainingStep, CostsTheSquareOfWhatExceedsTheBudget) {
  EXPECT_NEAR(BudgetTerm(0.1f, 0.75, 2), 2 * 0.25 * 0.25, 1e-5);
  EXPECT_NEAR(BudgetTerm(0.1f, 0.25, 2), 2 * 0.75 * 0.75, 1e-5);
  EXPECT_NEAR(BudgetTerm(0.1f, 0, 1), 1, 1e-5);
  EXPECT_EQ(BudgetTerm(0.1f, 0, 0), 0);
}

// Of the gates' last bias, summed: positive where a step would close them.
double PullOfBudget(float threshold, double budget) {
  ModelConfig config = SmallConfig();
  config.sgpm.threshold = threshold;
  double pull = 0;
  for (const double weight : {0.0, 1.0}) {
    Parameters parameters = Trained(config);
    StepOptions options = Clicks(1);
    options.budget = budget;
    options.budget_weight = weight;
    Random random(kSeed);
    RunStep(Assemble(parameters), Batch(), options, random).loss.backward();
    pull = parameters.at("sgpm.1.gate.lin2.bias").grad().sum().item<double>() - pull;
  }
  return pull;
}

TEST(TrainingStep, PullsGatesShutThatAreOpenTooOften) { EXPECT_GT(PullOfBudget(0.1f, 0.5), 1e-3); }

TEST(TrainingStep, PullsNoGateBelowTheBudget) { EXPECT_EQ(PullOfBudget(0.1f, 1), 0); }

// They cannot close, and their scores are their channels' weights too.
TEST(TrainingStep, PullsNoGateThatIsAlwaysOpen) {
  EXPECT_EQ(PullOfBudget(0, 0.5), 0);
  EXPECT_EQ(BudgetTerm(0, 0.5, 1), 0);
}

}  // namespace
}  // namespace sgpsam
