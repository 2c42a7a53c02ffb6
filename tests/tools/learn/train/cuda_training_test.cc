// Training on a CUDA device, against the same training on the processor. Skipped, saying why, where there is
// no such device.
#include <memory>

#include "core/torch/torch_device.h"
#include "gtest/gtest.h"
#include "tests/support/small_model.h"
#include "tests/tools/learn/train/made_cases.h"
#include "tools/learn/train/training.h"

namespace sgpsam {
namespace {

class CudaTrainingTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto device = ChooseDevice("cuda:0");
    if (absl::IsFailedPrecondition(device.status())) GTEST_SKIP() << device.status().message();
    ASSERT_TRUE(device.ok()) << device.status();
    ChooseConvolutions(*device, Precision::kFloat32);
  }

  std::unique_ptr<Training> Start(const TrainingOptions& options) const {
    ModelConfig config = SmallConfig();
    config.sgpm.detail_channels = 4;
    return Training::Create(SmallModel(config), cases_, options).value();
  }

  // Every part learns, every loss counts, and a step has two passes.
  static TrainingOptions Everything(at::Device device) {
    TrainingOptions options;
    options.steps = 8;
    options.warm_up = 2;
    options.batch = 2;
    options.accumulate = 2;
    options.parts = {true, true, true, true};
    options.step.clicks = 1;  // where the next ones go depends on single voxels
    options.step.budget_weight = 0.1;
    options.step.kinds_weight = 1;
    options.step.map_weight = 1;
    options.step.iou_weight = 1;
    options.device = device;
    return options;
  }

  static Case KnownBall(int64_t index) {
    Case ball = BallCase(index);
    ball.kinds = {3};
    return ball;
  }

  const MadeCases source_{12, KnownBall};
  const CaseMemory cases_{source_, size_t{1} << 30, nullptr};
};

TEST_F(CudaTrainingTest, LearnsWhatItLearnsOnTheProcessor) {
  const std::unique_ptr<Training> there = Start(Everything(at::Device(at::kCUDA, 0))),
                                  here = Start(Everything(at::kCPU));
  for (int step = 0; step < 8; ++step) {
    const absl::StatusOr<StepReport> cuda = there->Step(), cpu = here->Step();
    ASSERT_TRUE(cuda.ok()) << cuda.status();
    ASSERT_TRUE(cpu.ok()) << cpu.status();
    EXPECT_NEAR(cuda->loss, cpu->loss, 1e-3 * cpu->loss) << "step " << step;
    EXPECT_NEAR(cuda->gradient_norm, cpu->gradient_norm, 1e-2 * cpu->gradient_norm) << "step " << step;
  }
}

TEST_F(CudaTrainingTest, ClicksAndValidates) {
  TrainingOptions options = Everything(at::Device(at::kCUDA, 0));
  options.step.clicks = 3;
  options.precision = Precision::kBfloat16;
  const std::unique_ptr<Training> training = Start(options);
  const absl::StatusOr<StepReport> step = training->Step();
  ASSERT_TRUE(step.ok()) << step.status();
  EXPECT_EQ(step->dice.size(), 3);
  const absl::StatusOr<StepReport> validated = training->Validate(cases_, 4);
  ASSERT_TRUE(validated.ok()) << validated.status();
  EXPECT_GT(validated->loss, 0);
}

}  // namespace
}  // namespace sgpsam
