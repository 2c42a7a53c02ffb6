#include "tools/learn/train/training.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "core/model_file/safetensors.h"
#include "core/model_file/tensor_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/small_model.h"
#include "tests/support/temporary_folder.h"
#include "tests/tools/learn/train/made_cases.h"
#include "tools/learn/train/fresh_model.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

constexpr size_t kMuchRoom = size_t{1} << 30;
constexpr TrainedParts kEverything{true, true, true, true};

TrainingOptions ShortTraining() {
  TrainingOptions options;
  options.steps = 6;
  options.warm_up = 2;
  options.batch = 2;
  options.accumulate = 2;
  options.learning_rate = 2e-3;
  options.step.clicks = 2;
  options.step.budget_weight = 0.1;
  options.sample.jitter = 2;
  options.sample.max_spacing_mm = 1.8;
  return options;
}

using Values = std::map<std::string, at::Tensor>;

Values CopyOf(const Training& training) {
  Values values;
  for (const auto& [name, tensor] : training.parameters().all()) values[name] = tensor.detach().clone();
  return values;
}

std::set<std::string> Changed(const Values& before, const Values& after) {
  std::set<std::string> changed;
  for (const auto& [name, tensor] : before) {
    if (!at::equal(tensor, after.at(name))) changed.insert(name);
  }
  return changed;
}

class TrainingTest : public TemporaryFolder {
 protected:
  void SetUp() override {
    TemporaryFolder::SetUp();
    at::set_num_threads(1);  // sums in one order
  }

  std::unique_ptr<Training> Start(const TrainingOptions& options, const CaseMemory& cases) const {
    return Training::Create(FreshModel(SmallConfig(), 1), cases, options).value();
  }
  std::unique_ptr<Training> Start(const TrainingOptions& options) const { return Start(options, balls_); }

  static StepReport MustStep(Training& training) {
    const absl::StatusOr<StepReport> report = training.Step();
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : StepReport();
  }

  const MadeCases source_{12, BallCase}, unseen_source_{8, [](int64_t n) { return BallCase(100 + n); }};
  const CaseMemory balls_{source_, kMuchRoom}, unseen_{unseen_source_, kMuchRoom};
};

TEST_F(TrainingTest, GoesOnFromItsStateAsIfNothingHadHappened) {
  const TrainingOptions options = ShortTraining();
  const auto whole = Start(options);
  std::vector<double> losses;
  for (int step = 0; step < 6; ++step) losses.push_back(MustStep(*whole).loss);

  const auto first = Start(options);
  for (int step = 0; step < 2; ++step) MustStep(*first);
  ASSERT_TRUE(first->Save(Path("state"), "balls").ok());
  MustStep(*first);  // lost
  const auto second = Start(options);
  ASSERT_TRUE(second->Restore(Path("state"), "balls").ok());
  EXPECT_EQ(second->steps_done(), 2);
  for (size_t step = 2; step < 6; ++step) {
    const StepReport report = MustStep(*second);
    EXPECT_EQ(report.step, static_cast<int64_t>(step) + 1);
    EXPECT_EQ(report.loss, losses[step]);
  }
  EXPECT_EQ(Changed(CopyOf(*whole), CopyOf(*second)), std::set<std::string>());
}

TEST_F(TrainingTest, IsRefusedTheStateOfOtherOptionsOrData) {
  TrainingOptions options = ShortTraining();
  const auto training = Start(options);
  MustStep(*training);
  ASSERT_TRUE(training->Save(Path("state"), "balls").ok());
  EXPECT_EQ(Start(options)->Restore(Path("state"), "cubes").code(), absl::StatusCode::kFailedPrecondition);
  options.learning_rate = 1e-3;
  EXPECT_EQ(Start(options)->Restore(Path("state"), "balls").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Start(options)->Restore(Path("other"), "balls").code(), absl::StatusCode::kNotFound);
}

TEST_F(TrainingTest, FollowsFromItsSeed) {
  TrainingOptions options = ShortTraining();
  const auto losses = [&] {
    const auto training = Start(options);
    return std::vector<double>{MustStep(*training).loss, MustStep(*training).loss};
  };
  const std::vector<double> first = losses();
  EXPECT_EQ(losses(), first);
  EXPECT_NE(first[0], first[1]);
  options.seed = 2;
  EXPECT_NE(losses(), first);
}

TEST_F(TrainingTest, DoesNotDependOnWhichCasesAreStillInMemory) {
  const CaseMemory tight(source_, 1);
  const auto roomy = Start(ShortTraining()), small = Start(ShortTraining(), tight);
  for (int step = 0; step < 2; ++step) EXPECT_EQ(MustStep(*roomy).loss, MustStep(*small).loss);
}

TEST_F(TrainingTest, ReportsWhatAStepDid) {
  const TrainingOptions options = ShortTraining();
  const auto training = Start(options);
  for (int64_t step = 1; step <= 3; ++step) {
    const StepReport report = MustStep(*training);
    EXPECT_EQ(report.step, step);
    EXPECT_EQ(training->steps_done(), step);
    EXPECT_EQ(report.learning_rate, LearningRate(step - 1, 6, 2, 2e-3));
    EXPECT_GT(report.loss, 0);
    EXPECT_GT(report.gradient_norm, 0);
    EXPECT_EQ(report.dice.size(), 2u);
    ASSERT_EQ(report.opening.size(), 2u);
    for (const double share : report.opening)
      EXPECT_EQ(share * 4, std::round(share * 4)) << "of four samples";
  }
}

// Four samples are four samples, in one pass or in two.
TEST_F(TrainingTest, AveragesThePassesOfAStep) {
  TrainingOptions options = ShortTraining();
  options.step.budget_weight = 0;
  options.step.clicks = 1;
  options.augment = {.flip = false, .gain = 0, .offset = 0, .noise = 0};
  const auto norm = [&](int batch, int accumulate, const CaseMemory& cases) {
    options.batch = batch;
    options.accumulate = accumulate;
    return MustStep(*Start(options, cases)).gradient_norm;
  };
  // One case, always clicked at the same voxel, so that all samples are the same.
  const auto one = [](int64_t i, int64_t j, int64_t k) { return i == 9 && j == 9 && k == 9 ? 1 : 0; };
  const MadeCases source(1, [&](int64_t) {
    return MakeCase("one", TestGeometry({20, 20, 20}), Texture, one, 1);
  });
  const CaseMemory same(source, kMuchRoom);
  options.sample = {};
  options.sample.min_voxels = 1;
  const double once = norm(1, 1, same);
  EXPECT_NEAR(norm(1, 3, same), once, 1e-4 * once);
  EXPECT_NEAR(norm(3, 1, same), once, 1e-4 * once);
}

// Passes run in parallel where there are cores, and are summed in their order.
TEST_F(TrainingTest, DoesNotDependOnTheNumberOfCores) {
  TrainingOptions options = ShortTraining();
  options.accumulate = 3;
  const auto one = Start(options), many = Start(options);
  for (int step = 0; step < 2; ++step) {
    at::set_num_threads(1);
    const double loss = MustStep(*one).loss;
    at::set_num_threads(3);
    EXPECT_EQ(MustStep(*many).loss, loss);
  }
  at::set_num_threads(1);
  EXPECT_EQ(Changed(CopyOf(*one), CopyOf(*many)), std::set<std::string>());
}

TEST_F(TrainingTest, LearnsInBfloat16WhatItLearnsInFloat32) {
  TrainingOptions options = ShortTraining();
  options.parts = kEverything;  // also backwards through a block whose window is padded
  const double expected = MustStep(*Start(options)).loss;
  options.precision = Precision::kBfloat16;
  const auto training = Start(options);
  const Values before = CopyOf(*training);
  const double loss = MustStep(*training).loss;
  EXPECT_NEAR(loss, expected, 0.02 * expected);
  EXPECT_NE(loss, expected) << "the products were not in bfloat16";
  EXPECT_GT(Changed(before, CopyOf(*training)).size(), 2u);
}

TEST_F(TrainingTest, LearnsKindsWithAHeadThatIsNoPartOfTheModel) {
  const MadeCases source(4, [](int64_t index) {
    Case ball = BallCase(index);
    ball.kinds = {3};
    return ball;
  });
  const CaseMemory cases(source, kMuchRoom);
  TrainingOptions options = ShortTraining();
  options.step.kinds_weight = 1;
  options.parts = kEverything;
  const auto training = Start(options, cases);
  MustStep(*training);
  EXPECT_GT(training->parameters().all().at("pretraining.kinds.bias").detach().abs().max().item<float>(), 0);
  EXPECT_EQ(training->parameters().ToFile().tensors.size(), TensorTable(SmallConfig()).size());
  ASSERT_TRUE(training->Save(Path("state"), "balls").ok());
  EXPECT_TRUE(Start(options, cases)->Restore(Path("state"), "balls").ok());
  EXPECT_EQ(Start(options)->Step().status().code(),
            absl::StatusCode::kInvalidArgument);  // these have no kinds
}

TEST_F(TrainingTest, LearnsTheMapWithAHeadThatIsNoPartOfTheModel) {
  TrainingOptions options = ShortTraining();
  options.step.map_weight = 1;
  const auto refused = Training::Create(FreshModel(SmallConfig(), 1), balls_, options);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.status().message(), HasSubstr("--map-weight"));
  ModelConfig config = SmallConfig();
  config.sgpm.detail_channels = 3;
  const auto training = Training::Create(FreshModel(config, 1), balls_, options).value();
  MustStep(*training);
  EXPECT_GT(training->parameters().all().at("training.map.bias").detach().abs().max().item<float>(), 0);
  EXPECT_EQ(training->parameters().ToFile().tensors.size(), TensorTable(config).size());
}

// Gates that their scores would close are open while they warm up, and their scores learn meanwhile.
TEST_F(TrainingTest, KeepsGatesOpenWhileTheyWarmUp) {
  ModelConfig config = SmallConfig();
  config.sgpm.threshold = 0.999f;
  TrainingOptions options = ShortTraining();
  options.gate_warm_up = 2;
  options.step.budget = 0;
  options.step.budget_weight = 1000;  // would be seen in the gradient
  const auto training = Training::Create(FreshModel(config, 1), balls_, options).value();
  const Values before = CopyOf(*training);
  StepReport report = MustStep(*training);
  EXPECT_EQ(report.opening, std::vector<double>({1, 1}));
  EXPECT_EQ(training->Validate(unseen_, 2)->opening, std::vector<double>({1, 1}));
  EXPECT_LT(report.gradient_norm, 100);
  report = MustStep(*training);  // what comes after a gate does something from the second step on
  EXPECT_EQ(report.opening, std::vector<double>({1, 1}));
  EXPECT_TRUE(Changed(before, CopyOf(*training)).contains("sgpm.0.gate.lin2.bias"));
  EXPECT_EQ(training->Validate(unseen_, 2)->opening, std::vector<double>({0, 0}));
  EXPECT_EQ(MustStep(*training).opening, std::vector<double>({0, 0}));
}

TEST_F(TrainingTest, ChangesOnlyTheChosenParts) {
  const std::map<std::string, TrainedParts> parts_by_prefix{{"image_encoder.", {true, false, false, false}},
                                                            {"sgpm.", {false, true, false, false}},
                                                            {"prompt_encoder.", {false, false, true, false}},
                                                            {"mask_decoder.", {false, false, false, true}}};
  for (const auto& [prefix, parts] : parts_by_prefix) {
    TrainingOptions options = ShortTraining();
    options.parts = parts;
    options.optimiser.weight_decay = 0;  // only what has a gradient moves
    const auto training = Start(options);
    const Values before = CopyOf(*training);
    for (int step = 0; step < 3; ++step) MustStep(*training);
    const std::set<std::string> changed = Changed(before, CopyOf(*training));
    EXPECT_GT(changed.size(), 2u) << prefix;
    for (const std::string& name : changed) EXPECT_TRUE(absl::StartsWith(name, prefix)) << name;
  }
}

// With a rank, the encoder's matrices are others in the file,
// though only thin ones learned; without one, nothing is.
TEST_F(TrainingTest, AdaptsTheEncoderByALowRank) {
  TrainingOptions options = ShortTraining();
  options.parts = {false, false, false, false};
  EXPECT_FALSE(Training::Create(FreshModel(SmallConfig(), 1), balls_, options).ok());
  options.low_rank = 2;
  const auto training = Start(options);
  const TensorFile before = training->parameters().ToFile();
  const double loss = MustStep(*training).loss;
  MustStep(*training);
  const TensorFile after = training->parameters().ToFile();
  for (const auto& [name, tensor] : after.tensors) {
    const bool matrix = absl::StrContains(name, ".attn.qkv.weight") ||
                        absl::StrContains(name, ".attn.proj.weight") || absl::StrContains(name, ".mlp.lin");
    const bool adapted =
        matrix && absl::StartsWith(name, "image_encoder.blocks.") && absl::EndsWith(name, ".weight");
    EXPECT_EQ(tensor.bytes != before.tensors.at(name).bytes, adapted) << name;
  }
  // Merged, the model measures as it did while it was adapted, up to rounding.
  const auto merged = Training::Create(after, balls_, ShortTraining()).value();
  EXPECT_NEAR(merged->Validate(unseen_, 4)->loss, training->Validate(unseen_, 4)->loss, 1e-4 * loss);
  ASSERT_TRUE(training->Save(Path("state"), "balls").ok());
  EXPECT_TRUE(Start(options)->Restore(Path("state"), "balls").ok());
}

TEST_F(TrainingTest, WritesAModelThatCanBeTrainedFurther) {
  const auto training = Start(ShortTraining());
  MustStep(*training);
  const TensorFile file = training->parameters().ToFile();
  const auto further = Training::Create(file, balls_, ShortTraining());
  ASSERT_TRUE(further.ok()) << further.status();
  EXPECT_EQ(Changed(CopyOf(*training), CopyOf(**further)), std::set<std::string>());
}

// A bright ball in noise is the easiest lesion there is.
TEST_F(TrainingTest, LearnsToSegmentABall) {
  TrainingOptions options;
  options.steps = 150;  // seeds 1 to 6 all end above 0.77
  options.warm_up = 5;
  options.batch = 4;
  options.learning_rate = 4e-3;
  options.parts = kEverything;
  options.step.clicks = 2;
  const auto training = Start(options);
  const double before = training->Validate(unseen_, 16)->dice.back();
  std::vector<double> losses;
  while (training->steps_done() < options.steps) losses.push_back(MustStep(*training).loss);
  const auto mean = [&](size_t first) {
    double sum = 0;
    for (size_t n = first; n < first + 10; ++n) sum += losses[n] / 10;
    return sum;
  };
  EXPECT_LT(mean(140), 0.5 * mean(0));
  const double after = training->Validate(unseen_, 16)->dice.back();
  EXPECT_LT(before, 0.3);
  EXPECT_GT(after, 0.7);
}

TEST_F(TrainingTest, ValidatesAlwaysOnTheSameSamplesAndLearnsNothingFromThem) {
  const auto training = Start(ShortTraining()), other = Start(ShortTraining());
  const Values before = CopyOf(*training);
  const StepReport first = *training->Validate(unseen_, 4), again = *training->Validate(unseen_, 4);
  EXPECT_EQ(first.loss, again.loss);
  EXPECT_EQ(first.dice, again.dice);
  EXPECT_EQ(first.step, 0);
  EXPECT_EQ(Changed(before, CopyOf(*training)), std::set<std::string>());
  // The next step is the one that it would have been.
  EXPECT_EQ(MustStep(*training).loss, MustStep(*other).loss);
  EXPECT_EQ(training->Validate(unseen_, 4)->step, 1);
}

// Broken cases

absl::StatusOr<Case> BrokenCase(int64_t index) {
  return absl::InvalidArgumentError(absl::StrCat("labelsTr/", index, ".nii.gz: its grid is not the image's"));
}

TEST_F(TrainingTest, PassesOverCasesThatCannotBeRead) {
  const MadeCases source(4, [](int64_t index) { return index == 2 ? BallCase(index) : BrokenCase(index); });
  const CaseMemory cases(source, kMuchRoom);
  const auto training = Start(ShortTraining(), cases);
  EXPECT_EQ(MustStep(*training).step, 1);
}

TEST_F(TrainingTest, PassesOverCasesWithNothingToClick) {
  const auto nothing = [](int64_t, int64_t, int64_t) { return 0; };
  const MadeCases source(4, [&](int64_t index) {
    return index == 2 ? BallCase(index) : MakeCase("empty", TestGeometry({20, 20, 20}), Texture, nothing, 1);
  });
  const CaseMemory cases(source, kMuchRoom);
  const auto training = Start(ShortTraining(), cases);
  EXPECT_EQ(MustStep(*training).step, 1);
}

TEST_F(TrainingTest, GivesUpWithTheErrorOfItsCasesIfNoneCanBeUsed) {
  const MadeCases source(3, BrokenCase);
  const CaseMemory cases(source, kMuchRoom);
  const auto training = Start(ShortTraining(), cases);
  const absl::Status status = training->Step().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(".nii.gz: its grid is not the image's"));
  EXPECT_EQ(training->steps_done(), 0);
  EXPECT_EQ(training->Validate(cases, 4).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TrainingTest, IsToldIfThereAreNoCasesAtAll) {
  const MadeCases source(0, BallCase);
  const CaseMemory cases(source, kMuchRoom);
  const auto training = Start(ShortTraining(), cases);
  EXPECT_EQ(training->Step().status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(training->Validate(cases, 4).status().code(), absl::StatusCode::kInvalidArgument);
}

// What the first pass had gathered must not weigh on the step that is tried again.
TEST_F(TrainingTest, StepsAsIfNothingHadHappenedAfterAStepThatFailed) {
  constexpr int64_t kMany = 1'000'000;  // so that no case is drawn twice
  int64_t sound = 2;                    // how many can be read: those of the first pass
  const MadeCases failing(kMany,
                          [&](int64_t index) { return --sound >= 0 ? BallCase(index) : BrokenCase(index); });
  const MadeCases whole(kMany, BallCase);
  const CaseMemory failing_cases(failing, kMuchRoom), whole_cases(whole, kMuchRoom);
  const auto training = Start(ShortTraining(), failing_cases),
             undisturbed = Start(ShortTraining(), whole_cases);
  ASSERT_FALSE(training->Step().ok());
  EXPECT_EQ(training->steps_done(), 0);
  sound = kMany;
  const StepReport report = MustStep(*training), expected = MustStep(*undisturbed);
  EXPECT_EQ(report.loss, expected.loss);
  EXPECT_EQ(report.gradient_norm, expected.gradient_norm);
  EXPECT_EQ(Changed(CopyOf(*training), CopyOf(*undisturbed)), std::set<std::string>());
}

// Options

TEST_F(TrainingTest, IsRefusedAModelWithNothingToTrain) {
  TrainingOptions options = ShortTraining();
  options.parts = {false, true, false, false};
  ModelConfig plain = SmallConfig();
  plain.sgpm.blocks.clear();
  const absl::Status status = Training::Create(FreshModel(plain, 1), balls_, options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("nothing is left to train"));
}

TEST_F(TrainingTest, IsRefusedAModelThatIsNone) {
  TensorFile file = FreshModel(SmallConfig(), 1);
  file.tensors.erase("mask_decoder.iou_token.weight");
  EXPECT_EQ(Training::Create(file, balls_, ShortTraining()).status().code(),
            absl::StatusCode::kInvalidArgument);
  file.metadata.clear();
  EXPECT_EQ(Training::Create(file, balls_, ShortTraining()).status().code(),
            absl::StatusCode::kInvalidArgument);
  TrainingOptions wrong = ShortTraining();
  wrong.step.clicks = 0;
  EXPECT_THAT(Training::Create(FreshModel(SmallConfig(), 1), balls_, wrong).status().message(),
              HasSubstr("--clicks"));
}

}  // namespace
}  // namespace sgpsam
