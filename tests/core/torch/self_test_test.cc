// The comparison on engines whose answers are known, and the self-test of the real engine: what it finds on
// this machine, and that it catches kernels which compute wrongly.
#include "core/torch/self_test.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>

#include "core/model_file/model_file.h"
#include "core/model_file/seeded_weights.h"
#include "core/torch/torch_engine.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_engine.h"
#include "tests/support/operator_check.h"
#include "tests/support/small_model.h"
#include "tests/support/wrong_kernel.h"

namespace sgpsam {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Result = SelfTestReport::Result;

SelfTestAnswer Answer(Engine& engine) {
  return AnswerSelfTest(engine, MakeSelfTestCase(engine.info().sizes, 0), 1).value().at(0);
}

TEST(SelfTestCase, HasABrightBallWhereItsClickIs) {
  const PatchSizes sizes;
  for (int number = 0; number < kSelfTestPatches; ++number) {
    const SelfTestCase made = MakeSelfTestCase(sizes, number);
    ASSERT_EQ(made.patch.values.size(), static_cast<size_t>(sizes.patch_floats()));
    const auto at = [&](const Click& click) {
      return made.patch.values[(static_cast<size_t>(click.i) * 128 + static_cast<size_t>(click.j)) * 128 +
                               static_cast<size_t>(click.k)];
    };
    EXPECT_GT(at(made.inside), 1.5f);
    EXPECT_LT(at(made.outside), 1.0f);
    EXPECT_EQ(made.patch.values, MakeSelfTestCase(sizes, number).patch.values);
  }
}

class CompareAnswersTest : public testing::Test {
 protected:
  SelfTestAgreement Compare() const { return CompareAnswers(answer_, reference_, engine_.info()); }

  // Large enough for the ball that a click gives it.
  static ModelInfo Model() {
    ModelInfo info = FakeEngine::TinyModel();
    info.sizes = {.patch = 32, .embedding_channels = 4, .embedding_side = 2, .logits_side = 16};
    return info;
  }

  FakeEngine engine_{Model()};
  const SelfTestAnswer reference_ = Answer(engine_);
  SelfTestAnswer answer_ = reference_;
};

TEST_F(CompareAnswersTest, SeeNoDifferenceWhereThereIsNone) {
  EXPECT_EQ(Compare().embedding_error, 0);
  EXPECT_EQ(Compare().logits_error, 0);
  EXPECT_EQ(Compare().dice, 1);
  EXPECT_TRUE(Compare().agrees());
}

TEST_F(CompareAnswersTest, LetRoundingPassAndNothingLarger) {
  for (float& value : answer_.embedding.values) value *= 1.005f;
  for (MaskLogits& mask : answer_.masks) {
    for (float& value : mask.values) value *= 0.995f;
  }
  EXPECT_NEAR(Compare().embedding_error, 0.005, 1e-4);
  EXPECT_NEAR(Compare().logits_error, 0.005, 1e-4);
  EXPECT_TRUE(Compare().agrees());
  for (float& value : answer_.masks.back().values) value *= 1.08f;
  EXPECT_FALSE(Compare().agrees());
  answer_ = reference_;
  for (float& value : answer_.embedding.values) value *= 1.05f;
  EXPECT_FALSE(Compare().agrees());
}

// A map of small values next to large tokens is looked at for itself.
TEST_F(CompareAnswersTest, FindADetailMapThatIsWrongBesideRightTokens) {
  ModelInfo model = engine_.info();
  model.sizes.detail_channels = 1;
  SelfTestAnswer reference = reference_;
  reference.embedding.values.assign(static_cast<size_t>(model.sizes.embedding_floats()), 100);
  std::fill(reference.embedding.values.begin() + model.sizes.token_floats(), reference.embedding.values.end(),
            0.01f);
  answer_.embedding.values = reference.embedding.values;
  EXPECT_TRUE(CompareAnswers(answer_, reference, model).agrees());
  std::fill(answer_.embedding.values.begin() + model.sizes.token_floats(), answer_.embedding.values.end(),
            0.02f);
  EXPECT_NEAR(CompareAnswers(answer_, reference, model).embedding_error, 1, 1e-3);
}

TEST_F(CompareAnswersTest, TakeValuesThatAreNotFiniteForWrong) {
  answer_.embedding.values[3] = std::nanf("");
  EXPECT_FALSE(Compare().agrees());
  answer_ = reference_;
  answer_.masks[0].values[3] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(Compare().agrees());
  answer_ = reference_;
  answer_.masks.clear();
  EXPECT_FALSE(Compare().agrees());
}

// Cells whose logit is nearly zero may fall on either side; clear ones may not, however few they are.
TEST_F(CompareAnswersTest, CountCellsThatAreClearlyInsideOrOutside) {
  SelfTestAnswer reference = reference_;
  reference.masks.resize(1);
  std::vector<float>& logits = reference.masks[0].values;
  std::fill(logits.begin(), logits.end(), -10.0f);
  logits[0] = 10;
  logits[1] = -0.05f;
  answer_ = reference;
  answer_.masks[0].values[1] = 0.05f;
  EXPECT_EQ(CompareAnswers(answer_, reference, engine_.info()).dice, 1);
  answer_.masks[0].values[2] = 0.5f;
  EXPECT_LT(*CompareAnswers(answer_, reference, engine_.info()).dice, kSelfTestLeastDice);
  logits[0] = -10;  // an empty mask: the logits decide
  EXPECT_EQ(CompareAnswers(answer_, reference, engine_.info()).dice, std::nullopt);
}

TEST_F(CompareAnswersTest, SayNothingWhereAGateIsOnTheFence) {
  ModelInfo model = engine_.info();
  SelfTestAnswer reference = reference_;
  reference.embedding.gate_scores = {0.9f, 0.501f, 0.2f};
  answer_.embedding.gate_scores = {0.9f, 0.499f, 0.8f};
  EXPECT_TRUE(CompareAnswers(answer_, reference, model).gate_on_the_fence);
  EXPECT_FALSE(CompareAnswers(answer_, reference, model).agrees());
  answer_.embedding.gate_scores = {0.8f, 0.499f, 0.8f};  // already wrong before
  EXPECT_FALSE(CompareAnswers(answer_, reference, model).gate_on_the_fence);
}

// The real engine

TorchEngineOptions Tested(const char* self_test, const char* precision) {
  TorchEngineOptions options;
  options.device = "cpu";
  options.precision = precision;
  options.self_test = self_test;
  return options;
}

TensorFile Demo() {
  return ReadModelFile(std::string(SGPSAM_SOURCE_DIR) + "/deploy/models/sgpsam-lesions.safetensors").value();
}

void ExpectPasses(const TensorFile& file, const char* precision) {
  const auto engine = TorchEngine::Create(file, {}, Tested("refuse", precision));
  ASSERT_TRUE(engine.ok()) << engine.status();
  const ModelInfo& info = (*engine)->info();
  EXPECT_EQ(info.precision, precision);
  EXPECT_EQ(info.self_test.result, Result::kPassed);
  EXPECT_GT(info.self_test.seconds, 0);
  std::printf("%s %s on %s: embedding %.2g, logits %.2g, Dice %.4f, %.2f s\n", info.name.c_str(), precision,
              InstructionSets().c_str(), info.self_test.embedding_error, info.self_test.logits_error,
              info.self_test.dice, info.self_test.seconds);
}

TEST(EngineSelfTest, PassesWithTheShippedModelsAndSeesAMask) {
  for (const char* precision : {"fp32", "bf16"}) {
    ExpectPasses(Demo(), precision);
    const auto engine = TorchEngine::Create(Demo(), {}, Tested("refuse", precision)).value();
    EXPECT_GT(engine->info().self_test.dice, 0.99) << "the mask of the made-up object is empty";
    EXPECT_LT(engine->info().self_test.embedding_error, kEmbeddingTolerance / 2);
    EXPECT_LT(engine->info().self_test.logits_error, kLogitsTolerance / 2);
  }
}

TEST(EngineSelfTest, PassesWithModelsThatHaveLearnedNothing) {
  for (const char* precision : {"fp32", "bf16"}) {
    ExpectPasses(SmallModel(ModelConfig::Tiny()), precision);
    ExpectPasses(SeededModel(ModelConfig::Tiny(), 1), precision);
    ExpectPasses(SmallModel(SmallConfig()), precision);
    ModelConfig boxes = ModelConfig::Tiny();
    boxes.point_embeddings = 4;
    boxes.sgpm.detail_channels = 16;
    ExpectPasses(SmallModel(boxes), precision);
  }
}

TEST(EngineSelfTest, PassesInFullSize) {
  const TensorFile file = SmallModel(ModelConfig());
  for (const char* precision : {"fp32", "bf16"}) ExpectPasses(file, precision);
}

// As the engine answers that computes plainly.
void ExpectRight(TorchEngine& engine, const TensorFile& file) {
  TorchEngineOptions plain = Tested("off", "fp32");
  plain.packed_weights = false;
  const auto reference = TorchEngine::Create(file, {}, plain).value();
  EXPECT_TRUE(CompareAnswers(Answer(engine), Answer(*reference), engine.info()).agrees());
}

TEST(EngineSelfTest, FallsBackFromAWrongKernelOfBfloat16) {
  const TensorFile file = Demo();
  const WrongKernel planted(WrongKernel::Kind::kBfloat16Convolution);
  const auto engine = TorchEngine::Create(file, {}, Tested("fallback", "bf16"));
  ASSERT_TRUE(engine.ok()) << engine.status();
  const ModelInfo& info = (*engine)->info();
  EXPECT_EQ(info.precision, "fp32");
  EXPECT_EQ(info.self_test.result, Result::kFellBack);
  EXPECT_THAT(info.self_test.rejected, testing::StartsWith("bf16"));
  EXPECT_GT(info.self_test.embedding_error, 0.1);
  ExpectRight(**engine, file);
}

TEST(EngineSelfTest, RefusesAWrongKernelIfItIsTo) {
  const WrongKernel planted(WrongKernel::Kind::kBfloat16Convolution);
  const absl::Status status = TorchEngine::Create(Demo(), {}, Tested("refuse", "bf16")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("self-test failed"), HasSubstr("bf16")));
}

TEST(EngineSelfTest, LetsAWrongKernelServeWhereItIsOff) {
  const WrongKernel planted(WrongKernel::Kind::kBfloat16Convolution);
  const auto engine = TorchEngine::Create(Demo(), {}, Tested("off", "bf16"));
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_EQ((*engine)->info().precision, "bf16");
  EXPECT_EQ((*engine)->info().self_test.result, Result::kOff);
}

TEST(EngineSelfTest, FallsBackFromWrongPackedProductsToPlainOnes) {
  const TensorFile file = Demo();
  const WrongKernel planted(WrongKernel::Kind::kPackedProduct);
  for (const char* precision : {"fp32", "bf16"}) {
    const auto engine = TorchEngine::Create(file, {}, Tested("fallback", precision));
    ASSERT_TRUE(engine.ok()) << engine.status();
    const ModelInfo& info = (*engine)->info();
    EXPECT_EQ(info.precision, "fp32");
    EXPECT_EQ(info.self_test.result, Result::kFellBack);
    EXPECT_THAT(info.self_test.rejected, HasSubstr("fp32 with packed weights"));
    ExpectRight(**engine, file);
  }
  EXPECT_EQ(TorchEngine::Create(file, {}, Tested("refuse", "fp32")).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

// The reference does without oneDNN, so it is not deceived; and nothing is left that is right.
TEST(EngineSelfTest, RefusesWhereEvenFloat32IsWrong) {
  const WrongKernel planted(WrongKernel::Kind::kOneDnnConvolution);
  const absl::Status status = TorchEngine::Create(Demo(), {}, Tested("fallback", "fp32")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
}

TEST(EngineSelfTest, KnowsItsModes) {
  EXPECT_EQ(TorchEngine::Create(SmallModel(SmallConfig()), {}, Tested("on", "fp32")).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam
