// The model that is trained (AssembleSgpSam on leaves that gather gradients) against the model that is served
// (LoadSgpSam): the same values, and gradients that are the served model's finite differences.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/random.h"
#include "gtest/gtest.h"
#include "tests/core/model/model_fixture.h"
#include "tests/support/small_model.h"

namespace sgpsam {
namespace {

constexpr char kFourierMatrix[] = "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix";

ModelConfig WithThreshold(float threshold) {
  ModelConfig config = SmallConfig();
  config.sgpm.threshold = threshold;
  return config;
}

ModelConfig PlainSmallConfig() {
  ModelConfig config = SmallConfig();
  config.sgpm.blocks.clear();
  return config;
}

// Leaves by name; `trains` says which of them gather gradients.
using Leaves = std::map<std::string, at::Tensor>;

Leaves MakeLeaves(const TensorFile& file, const std::function<bool(const std::string&)>& trains) {
  const TensorSource source = TensorsOf(file);
  Leaves leaves;
  for (const auto& [name, tensor] : file.tensors)
    leaves.emplace(name, source(name).requires_grad_(trains(name)));
  return leaves;
}

Leaves MakeLeaves(const TensorFile& file) {
  return MakeLeaves(file, [](const std::string& name) { return name != kFourierMatrix; });
}

SgpSam Assemble(const Leaves& leaves, const ModelConfig& config) {
  return AssembleSgpSam([&leaves](const std::string& name) { return leaves.at(name); }, config, at::kCPU,
                        Precision::kFloat32);
}

at::Tensor Waves(at::IntArrayRef shape, double pace) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return at::sin(at::arange(count).to(at::kFloat) * pace).view(shape);
}

// Two patches, and two clicks on each.
at::Tensor Patches() { return at::cat({MakePatch(1, 16), MakePatch(2, 16)}); }

std::vector<Prompt> Prompts(MaskPrompt mask) {
  std::vector<Prompt> prompts(2);
  prompts[0].clicks = {{5, 6, 7, true}, {12, 3, 9, false}};
  prompts[1].clicks = {{2, 14, 8, true}, {7, 7, 1, true}};
  for (size_t n = 0; n < prompts.size(); ++n) {
    prompts[n].mask = mask;
    prompts[n].logits = 3 * Waves({16, 16, 16}, 0.7 + 0.2 * static_cast<double>(n));
  }
  return prompts;
}

// All that a model can be asked for: every mask prompt, every mask token, the predicted quality.
std::vector<at::Tensor> Everything(const SgpSam& model) {
  const Encoded encoded = Encode(model.image_encoder, Patches());
  std::vector<at::Tensor> all{encoded.embedding, encoded.gate_scores};
  const std::pair<MaskPrompt, MaskOutput> decodes[] = {{MaskPrompt::kZero, MaskOutput::kSingle},
                                                       {MaskPrompt::kNone, MaskOutput::kMulti},
                                                       {MaskPrompt::kLogits, MaskOutput::kMulti}};
  for (const auto& [mask, output] : decodes) {
    const Decoded decoded = DecodePrompts(model, {encoded.embedding, encoded.detail}, Prompts(mask), output);
    all.push_back(decoded.low_res);
    all.push_back(decoded.iou);
  }
  return all;
}

std::vector<at::Tensor> EverythingServed(const TensorFile& file, const ModelConfig& config) {
  const c10::InferenceMode inference_mode;
  return Everything(MustLoad(file, config));
}

// A number that depends smoothly on everything, summed in double so that only the model itself is rounded.
at::Tensor Objective(const std::vector<at::Tensor>& everything) {
  at::Tensor sum = at::zeros({}, at::kDouble);
  double pace = 0.3;
  for (const at::Tensor& tensor : everything) {
    if (tensor.numel() == 0) continue;
    const at::Tensor weights = Waves(tensor.sizes(), pace += 0.1).to(at::kDouble);
    sum = sum + (tensor.to(at::kDouble) * weights).sum() / std::sqrt(static_cast<double>(tensor.numel()));
  }
  return sum;
}

// Values

void ExpectSameAsServed(const ModelConfig& config) {
  const TensorFile file = SmallModel(config);
  const std::vector<at::Tensor> trained = Everything(Assemble(MakeLeaves(file), config));
  const std::vector<at::Tensor> served = EverythingServed(file, config);
  ASSERT_EQ(trained.size(), served.size());
  for (size_t n = 0; n < served.size(); ++n) {
    ASSERT_EQ(trained[n].sizes(), served[n].sizes());
    if (served[n].numel() == 0) continue;
    EXPECT_TRUE(trained[n].requires_grad()) << n;
    EXPECT_LE(MaxDifference(trained[n], served[n]),
              1e-5 * std::max(1.0, served[n].abs().max().item<double>()))
        << n;
  }
}

TEST(Gradients, LeaveAPlainModelsValuesAsTheyAreServed) { ExpectSameAsServed(PlainSmallConfig()); }

TEST(Gradients, LeaveValuesAsTheyAreServedWhereNothingIsPadded) {
  ModelConfig config = PlainSmallConfig();
  config.global_blocks = {0, 1};
  ExpectSameAsServed(config);
}

TEST(Gradients, LeaveValuesAsTheyAreServedWhereAllIsPadded) {
  ModelConfig config = PlainSmallConfig();
  config.global_blocks = {};
  ExpectSameAsServed(config);
}

TEST(Gradients, LeaveValuesAsTheyAreServedWithOpenGates) { ExpectSameAsServed(WithThreshold(0.1f)); }

TEST(Gradients, LeaveValuesAsTheyAreServedWithClosedGates) { ExpectSameAsServed(WithThreshold(0.999f)); }

TEST(Gradients, LeaveValuesAsTheyAreServedWithASpatialGateAndDetail) {
  ModelConfig config = WithThreshold(0.1f);
  config.sgpm.spatial_gate = true;
  config.sgpm.detail_channels = 3;
  ExpectSameAsServed(config);
}

ModelConfig WithARefiner() {
  ModelConfig config = WithThreshold(0);
  config.sgpm.detail_channels = 3;
  config.refiner_channels = 4;
  return config;
}

TEST(Gradients, LeaveValuesAsTheyAreServedWithARefiner) { ExpectSameAsServed(WithARefiner()); }

// Gradients

// A direction in which a tensor is moved: along its gradient, so that the difference can be seen, and half as
// much across it, so that the gradient's other components are looked at too. Of length 1.
at::Tensor Direction(const at::Tensor& gradient, Random& random) {
  at::Tensor across = at::empty(gradient.sizes(), at::kDouble);
  double* values = across.mutable_data_ptr<double>();
  for (int64_t n = 0; n < across.numel(); ++n) values[n] = random.Normal();
  across /= across.norm();
  const at::Tensor along = gradient.to(at::kDouble);
  const double length = along.norm().item<double>();
  const at::Tensor direction = length > 0 ? across / 2 + along / length : across;
  return direction / direction.norm();
}

TensorFile Moved(TensorFile file, const std::string& name, const at::Tensor& direction, double by) {
  NamedTensor& tensor = file.tensors.at(name);
  auto* values = reinterpret_cast<float*>(tensor.bytes.data());
  const double* step = direction.const_data_ptr<double>();
  for (int64_t n = 0; n < direction.numel(); ++n) values[n] += static_cast<float>(by * step[n]);
  return file;
}

// The served model's central difference along a direction.
double Difference(const TensorFile& file, const ModelConfig& config, const std::string& name,
                  const at::Tensor& direction, double step) {
  const auto at = [&](double by) {
    return Objective(EverythingServed(Moved(file, name, direction, by), config)).item<double>();
  };
  return (at(step) - at(-step)) / (2 * step);
}

// As short as float32's rounding allows, because the decoder has corners (ReLU) on the way; the shorter the
// steeper it is.
double StepFor(double slope) { return 1e-3 / std::max(1.0, std::abs(slope)); }

// LibTorch shares no work between threads while this lives: with so small a model it only costs.
class OneThread {
 public:
  OneThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before_); }

 private:
  const int before_;
};

// Of every tensor that can be trained and whose name begins so.
void ExpectFiniteDifferences(const ModelConfig& config, const std::string& beginning = "") {
  const OneThread one_thread;
  const TensorFile file = SmallModel(config);
  const Leaves leaves = MakeLeaves(file);
  Objective(Everything(Assemble(leaves, config))).backward();
  Random random(1);
  for (const auto& [name, leaf] : leaves) {
    if (name == kFourierMatrix || !absl::StartsWith(name, beginning)) continue;
    ASSERT_TRUE(leaf.grad().defined()) << name;
    const at::Tensor direction = Direction(leaf.grad(), random);
    const double expected = (leaf.grad().to(at::kDouble) * direction).sum().item<double>();
    EXPECT_NEAR(expected, Difference(file, config, name, direction, StepFor(expected)),
                0.01 * std::abs(expected) + 1e-3)
        << name;
  }
}

TEST(Gradients, AreTheServedModelsFiniteDifferences) { ExpectFiniteDifferences(WithThreshold(0)); }

TEST(Gradients, AreTheServedModelsFiniteDifferencesWithASpatialGateAndDetail) {
  ModelConfig config = WithThreshold(0);
  config.sgpm.spatial_gate = true;
  config.sgpm.detail_channels = 3;
  ExpectFiniteDifferences(config, "sgpm.");
}

TEST(Gradients, AreTheServedModelsFiniteDifferencesWithARefiner) {
  ExpectFiniteDifferences(WithARefiner(), "mask_refiner.");
}

// Positions, which enter through the padded key's logit too.
TEST(Gradients, AreTheServedModelsFiniteDifferencesInMuchPadding) {
  ModelConfig config = PlainSmallConfig();
  config.global_blocks = {};
  config.window = 14;
  ExpectFiniteDifferences(config, "image_encoder.blocks.");
}

TEST(Gradients, GoOnlyToLeavesThatAskForThem) {
  const ModelConfig config = WithThreshold(0);
  for (const std::string part : {"image_encoder.", "sgpm.", "prompt_encoder.", "mask_decoder."}) {
    const Leaves leaves = MakeLeaves(SmallModel(config), [&](const std::string& name) {
      return absl::StartsWith(name, part) && name != kFourierMatrix;
    });
    std::map<std::string, at::Tensor> before;
    for (const auto& [name, leaf] : leaves) before[name] = leaf.detach().clone();
    Objective(Everything(Assemble(leaves, config))).backward();
    for (const auto& [name, leaf] : leaves) {
      EXPECT_EQ(leaf.grad().defined(), leaf.requires_grad()) << name;
      EXPECT_TRUE(at::equal(leaf.detach(), before.at(name))) << name << " was written to";
    }
  }
}

// Hard gates

// What a module does with two patches, and the gradients that come back to its leaves.
struct ModuleRun {
  Leaves leaves;
  at::Tensor x, y, weights;
};

// Read by a detail branch only.
at::Tensor NoPatches() { return {}; }

at::Tensor Tokens() { return Waves({2, 64, 24}, 0.37); }

ModuleRun RunModule(float threshold) {
  const ModelConfig config = WithThreshold(threshold);
  ModuleRun run;
  run.leaves = MakeLeaves(SmallModel(config),
                          [](const std::string& name) { return absl::StartsWith(name, "sgpm.0."); });
  const TensorMap tensors([&](const std::string& name) { return run.leaves.at(name); }, at::kCPU, at::kFloat);
  run.x = Tokens();
  run.weights = Waves({2, 64, 24}, 0.53);
  Features features = {run.x, {}};
  ApplySgpModule(LoadSgpModule(tensors, /*block=*/0, config), NoPatches(), features);
  run.y = features.tokens;
  (run.y * run.weights).sum().backward();
  return run;
}

// The gradients of the scores alone, each patch's times what opening its gate adds to the objective.
Leaves ScoreGradients() {
  const ModelConfig config = SmallConfig();
  const Leaves leaves = MakeLeaves(SmallModel(config),
                                   [](const std::string& name) { return absl::StartsWith(name, "sgpm.0."); });
  const TensorMap tensors([&](const std::string& name) { return leaves.at(name); }, at::kCPU, at::kFloat);
  const SgpModule module = LoadSgpModule(tensors, /*block=*/0, config);
  const at::Tensor normed = module.norm(Tokens());
  const Gate gate = ComputeGate(module, normed);
  const at::Tensor added = FuseScales(module, normed, NoPatches(), {}, gate.channels).tokens.detach();
  const at::Tensor gain = (added * Waves({2, 64, 24}, 0.53)).flatten(1).sum(1);
  (gate.score * gain).sum().backward();
  return leaves;
}

constexpr const char* kGateTensors[] = {"sgpm.0.gate.lin1.weight", "sgpm.0.gate.lin1.bias",
                                        "sgpm.0.gate.lin2.weight", "sgpm.0.gate.lin2.bias"};

TEST(Gradients, PassAClosedGateAsIfItsScoreHadNotBeenRounded) {
  const ModuleRun closed = RunModule(0.999f);
  const Leaves expected = ScoreGradients();
  EXPECT_TRUE(at::equal(closed.y, closed.x));
  for (const char* name : kGateTensors) {
    const at::Tensor gradient = expected.at(name).grad();
    EXPECT_GT(gradient.abs().max().item<float>(), 1e-3) << name;
    EXPECT_LE(MaxDifference(closed.leaves.at(name).grad(), gradient), 1e-5) << name;
  }
  // The fusion after it was not used, so it does not learn.
  for (const char* name :
       {"sgpm.0.down.weight", "sgpm.0.conv3.weight", "sgpm.0.fuse.weight", "sgpm.0.up.weight"}) {
    EXPECT_EQ(closed.leaves.at(name).grad().abs().max().item<float>(), 0) << name;
  }
}

// Through an open gate pass both: the channels' gradient, and the score's.
TEST(Gradients, PassAnOpenGateAsIfItsScoreHadNotBeenRounded) {
  const ModuleRun open = RunModule(0.1f), always = RunModule(0);
  const Leaves score = ScoreGradients();
  EXPECT_TRUE(at::equal(open.y, always.y));
  for (const char* name : kGateTensors) {
    const at::Tensor difference = open.leaves.at(name).grad() - always.leaves.at(name).grad();
    EXPECT_LE(MaxDifference(difference, score.at(name).grad()), 1e-5) << name;
  }
}

}  // namespace
}  // namespace sgpsam
