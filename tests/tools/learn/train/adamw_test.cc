#include "tools/learn/train/adamw.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/small_model.h"

namespace sgpsam {
namespace {

constexpr char kMatrix[] = "mask_decoder.transformer.layers.0.mlp.lin1.weight";
constexpr char kKernel[] = "mask_decoder.output_upscaling.0.weight";
constexpr char kBias[] = "mask_decoder.transformer.layers.0.mlp.lin1.bias";
constexpr char kNorm[] = "mask_decoder.transformer.layers.0.norm1.weight";
constexpr char kOneRow[] = "mask_decoder.iou_token.weight";

Parameters Trained() {
  TrainedParts parts;
  parts.sgpm = false;
  return Parameters::FromFile(SmallModel(SmallConfig()), SmallConfig(), parts).value();
}

// No gradient is cut, and decay is large enough to be seen.
AdamWOptions Uncut() {
  AdamWOptions options;
  options.weight_decay = 0.2;
  options.max_gradient_norm = 1e9;
  return options;
}

at::Tensor MakeGradient(const at::Tensor& parameter, double pace) {
  return at::cos(at::arange(parameter.numel()).to(at::kDouble) * pace).to(at::kFloat).view(parameter.sizes());
}

void Give(Parameters& parameters, const std::string& name, const at::Tensor& gradient) {
  parameters.at(name).mutable_grad() = gradient;
}

using Values = std::map<std::string, at::Tensor>;

Values CopyOf(const Parameters& parameters) {
  Values values;
  for (const auto& [name, tensor] : parameters.all()) values[name] = tensor.detach().clone();
  return values;
}

void ExpectUnchanged(const Parameters& parameters, const Values& before) {
  for (const auto& [name, tensor] : parameters.all()) {
    EXPECT_TRUE(at::equal(tensor.detach(), before.at(name))) << name;
  }
}

// Loshchilov and Hutter's algorithm 2 for one number.
struct ByHand {
  double value, mean = 0, variance = 0;
  int steps = 0;
  void Step(double gradient, double rate, double decay) {
    ++steps;
    mean = 0.9 * mean + 0.1 * gradient;
    variance = 0.999 * variance + 0.001 * gradient * gradient;
    const double corrected_mean = mean / (1 - std::pow(0.9, steps));
    const double corrected_variance = variance / (1 - std::pow(0.999, steps));
    value -= rate * (corrected_mean / (std::sqrt(corrected_variance) + 1e-8) + decay * value);
  }
};

TEST(AdamW, TakesTheStepsOfItsFormula) {
  const std::map<std::string, double> decay_of{
      {kMatrix, 0.2}, {kKernel, 0.2}, {kBias, 0}, {kNorm, 0}, {kOneRow, 0}};
  Parameters parameters = Trained();
  const Values before = CopyOf(parameters);
  AdamW optimiser(parameters, Uncut());
  for (const double pace : {0.7, 1.3}) {
    for (const auto& [name, decay] : decay_of) {
      Give(parameters, name, MakeGradient(parameters.at(name), pace));
    }
    optimiser.Step(pace * 0.01);
  }
  EXPECT_EQ(optimiser.steps(), 2);
  for (const auto& [name, decay] : decay_of) {
    const at::Tensor now = parameters.at(name).detach().flatten(), first = before.at(name).flatten();
    for (const int64_t n : {int64_t{0}, now.numel() / 2, now.numel() - 1}) {
      ByHand by_hand{first[n].item<double>()};
      for (const double pace : {0.7, 1.3}) {
        by_hand.Step(std::cos(static_cast<double>(n) * pace), pace * 0.01, decay);
      }
      EXPECT_NEAR(now[n].item<double>(), by_hand.value, 1e-6) << name;
      const AdamW::Moments& moments = optimiser.moments().at(name);
      EXPECT_NEAR(moments.mean.flatten()[n].item<double>(), by_hand.mean, 1e-6) << name;
      EXPECT_NEAR(moments.variance.flatten()[n].item<double>(), by_hand.variance, 1e-6) << name;
    }
  }
}

// With a gradient of zero nothing else moves a parameter.
TEST(AdamW, DecaysOnlyWhatHasMoreThanOneRow) {
  Parameters parameters = Trained();
  const Values before = CopyOf(parameters);
  AdamW optimiser(parameters, Uncut());
  for (const char* name : {kMatrix, kKernel, kBias, kNorm, kOneRow}) {
    Give(parameters, name, at::zeros_like(parameters.at(name).detach()));
  }
  optimiser.Step(0.5);
  for (const char* name : {kMatrix, kKernel}) {
    EXPECT_TRUE(at::allclose(parameters.at(name).detach(), before.at(name) * (1 - 0.5 * 0.2))) << name;
  }
  for (const char* name : {kBias, kNorm, kOneRow}) {
    EXPECT_TRUE(at::equal(parameters.at(name).detach(), before.at(name))) << name;
  }
}

TEST(AdamW, CutsTheNormOfAllGradientsTogether) {
  AdamWOptions options;
  options.max_gradient_norm = 0.5;
  Parameters parameters = Trained();
  AdamW optimiser(parameters, options);
  const at::Tensor matrix = at::zeros_like(parameters.at(kMatrix).detach()),
                   bias = at::zeros_like(parameters.at(kBias).detach());
  matrix[3][2] = 3;
  bias[1] = -4;
  Give(parameters, kMatrix, matrix);
  Give(parameters, kBias, bias);
  EXPECT_NEAR(optimiser.Step(0.01), 5, 1e-6);  // as it was before
  EXPECT_NEAR(optimiser.moments().at(kMatrix).mean[3][2].item<double>(), 0.1 * 3 * 0.5 / 5, 1e-7);
  EXPECT_NEAR(optimiser.moments().at(kBias).mean[1].item<double>(), 0.1 * -4 * 0.5 / 5, 1e-7);
}

TEST(AdamW, LeavesAShortGradientAsLongAsItIs) {
  Parameters parameters = Trained();
  AdamW optimiser(parameters, {});
  const at::Tensor bias = at::zeros_like(parameters.at(kBias).detach());
  bias[1] = 0.25;
  Give(parameters, kBias, bias);
  EXPECT_NEAR(optimiser.Step(0.01), 0.25, 1e-7);
  EXPECT_NEAR(optimiser.moments().at(kBias).mean[1].item<double>(), 0.025, 1e-8);
}

TEST(AdamW, ChangesNothingForAGradientThatIsNotFinite) {
  for (const float wrong :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Parameters parameters = Trained();
    AdamW optimiser(parameters, {});
    Give(parameters, kMatrix, MakeGradient(parameters.at(kMatrix), 1));
    optimiser.Step(0.01);
    const Values before = CopyOf(parameters);
    const at::Tensor mean = optimiser.moments().at(kMatrix).mean.clone(),
                     variance = optimiser.moments().at(kMatrix).variance.clone();
    const at::Tensor bias = at::zeros_like(parameters.at(kBias).detach());
    bias[0] = wrong;
    Give(parameters, kBias, bias);
    Give(parameters, kMatrix, MakeGradient(parameters.at(kMatrix), 2));
    EXPECT_FALSE(std::isfinite(optimiser.Step(0.01)));
    EXPECT_EQ(optimiser.steps(), 2);  // tried
    ExpectUnchanged(parameters, before);
    EXPECT_TRUE(at::equal(optimiser.moments().at(kMatrix).mean, mean));
    EXPECT_TRUE(at::equal(optimiser.moments().at(kMatrix).variance, variance));
    EXPECT_FALSE(parameters.at(kMatrix).grad().defined());  // nor does it reach the next step
  }
}

TEST(AdamW, ForgetsGradientsAndLeavesAloneWhatHasNone) {
  Parameters parameters = Trained();
  AdamW optimiser(parameters, Uncut());
  Give(parameters, kMatrix, MakeGradient(parameters.at(kMatrix), 1));
  optimiser.Step(0.01);
  EXPECT_FALSE(parameters.at(kMatrix).grad().defined());
  const Values before = CopyOf(parameters);
  EXPECT_EQ(optimiser.Step(0.01), 0);  // no gradient was gathered
  Give(parameters, kMatrix, MakeGradient(parameters.at(kMatrix), 1));
  optimiser.Forget();
  EXPECT_EQ(optimiser.Step(0.01), 0);
  ExpectUnchanged(parameters, before);
}

TEST(AdamW, KnowsTheMomentsOfTrainedParametersOnly) {
  Parameters parameters = Trained();
  AdamW optimiser(parameters, {});
  std::vector<std::string> names;
  for (const auto& [name, moments] : optimiser.moments()) {
    names.push_back(name);
    EXPECT_EQ(moments.mean.sizes(), parameters.at(name).sizes());
    EXPECT_EQ(moments.mean.abs().max().item<float>(), 0);
    EXPECT_EQ(moments.variance.abs().max().item<float>(), 0);
  }
  EXPECT_EQ(names, parameters.trained());
}

TEST(LearningRate, RisesLinearlyThenFallsAsHalfACosine) {
  EXPECT_DOUBLE_EQ(LearningRate(0, 100, 10, 2.0), 0.2);
  EXPECT_DOUBLE_EQ(LearningRate(4, 100, 10, 2.0), 1.0);
  EXPECT_DOUBLE_EQ(LearningRate(9, 100, 10, 2.0), 2.0);
  EXPECT_DOUBLE_EQ(LearningRate(10, 100, 10, 2.0), 2.0);
  EXPECT_DOUBLE_EQ(LearningRate(55, 100, 10, 2.0, 0.1), 2.0 * 0.55);  // half-way between 1 and the floor
  EXPECT_NEAR(LearningRate(99, 100, 10, 2.0), 0.02, 0.001);
  EXPECT_DOUBLE_EQ(LearningRate(100, 100, 10, 2.0), 0.02);
}

TEST(LearningRate, BeginsAtItsPeakWithoutAWarmUp) { EXPECT_DOUBLE_EQ(LearningRate(0, 100, 0, 2.0), 2.0); }

TEST(LearningRate, OnlyRisesIfTheWarmUpIsLongerThanTheTraining) {
  EXPECT_DOUBLE_EQ(LearningRate(0, 5, 10, 2.0), 0.2);
  EXPECT_DOUBLE_EQ(LearningRate(4, 5, 10, 2.0), 1.0);
}

TEST(LearningRate, StaysAtItsFloorBehindTheEnd) {
  EXPECT_DOUBLE_EQ(LearningRate(1000, 100, 10, 2.0, 0.1), 0.2);
}

// Of tensors that LibTorch would sum up in as many parts as there are threads.
TEST(AdamW, MeasuresGradientsAlikeWhateverTheNumberOfThreads) {
  const auto norms = [](int threads) {
    at::set_num_threads(threads);
    std::vector<double> measured;
    for (const double pace : {0.37, 0.11, 0.73, 0.041, 0.0007}) {
      Parameters parameters = Trained();
      parameters.AddHelper("wide", at::zeros({701, 699}));
      Give(parameters, "wide", MakeGradient(parameters.at("wide"), pace) * pace);
      measured.push_back(AdamW(parameters, Uncut()).Step(1e-3));
    }
    at::set_num_threads(1);
    return measured;
  };
  const std::vector<double> alone = norms(1);
  EXPECT_NEAR(alone[0], 0.37 * 700 / std::sqrt(2.0), 1);
  EXPECT_EQ(norms(2), alone);
  EXPECT_EQ(norms(5), alone);
}

}  // namespace
}  // namespace sgpsam
