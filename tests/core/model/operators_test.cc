// Every operator that the models are made of, in the shapes of every configuration that is shipped or can be
// named, as this processor computes it: in float32 and in bfloat16, with packed weights, forward and, as in
// training, backward; against plain float32 (tests/support/operator_check.h). What is right on one processor
// may be wrong on another, so the test says which instruction sets it met.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/model/packed_weight.h"
#include "core/model_file/model_file.h"
#include "gtest/gtest.h"
#include "tests/core/model/model_fixture.h"
#include "tests/support/operator_check.h"
#include "tests/support/small_model.h"
#include "tests/support/wrong_kernel.h"

namespace sgpsam {
namespace {

// Relative, L2. Rounding a result to bfloat16 costs 0.002; the worst on a good processor is 0.0025. A wrong
// kernel is off by 0.1 and more.
constexpr double kToleranceBf16 = 0.01, kToleranceFloat32 = 1e-4;

TensorFile Shipped(const std::string& name) {
  return ReadModelFile(absl::StrCat(SGPSAM_SOURCE_DIR, "/deploy/models/", name, ".safetensors")).value();
}

// With the modules' detail branches: what a model has without them it has with them, too.
ModelConfig Detailed(ModelConfig config) {
  config.sgpm.detail_channels = 16;
  return config;
}

const std::map<std::string, TensorFile (*)()>& Models() {
  static const auto* const models = new std::map<std::string, TensorFile (*)()>{
      {"shipped", [] { return Shipped("sgpsam-lesions"); }},
      {"fresh_demo", [] { return SmallModel(ModelConfig::Demo()); }},
      {"tiny", [] { return SmallModel(Detailed(ModelConfig::Tiny())); }},
      {"vit_b_ori", [] { return SmallModel(Detailed(ModelConfig())); }}};
  return *models;
}

// Both kinds of decode, and more clicks than one.
std::vector<Prompt> SomePrompts(const ModelConfig& config) {
  const float middle = static_cast<float>(config.patch) / 2, side = middle / 4;
  Prompt first;
  first.clicks = {{middle, middle, middle, true}};
  Prompt next = first;
  next.clicks.push_back({middle, side, middle, false});
  next.mask = MaskPrompt::kLogits;
  const int64_t logits = 4 * config.grid();
  next.logits =
      at::sin(at::arange(logits * logits * logits, at::kFloat) * 0.37).view({logits, logits, logits});
  return {first, next};
}

at::Tensor SomePatch(const ModelConfig& config) {
  std::vector<at::Tensor> channels;
  for (int n = 0; n < config.patch_channels(); ++n) {
    channels.push_back(MakePatch(static_cast<uint64_t>(1 + n), config.patch));
  }
  return at::cat(channels, 1);
}

at::Tensor Serve(const SgpSam& model) {
  const Encoded encoded = Encode(model.image_encoder, SomePatch(model.config));
  at::Tensor sum = encoded.gate_scores.sum();
  for (const Prompt& prompt : SomePrompts(model.config)) {
    const Decoded decoded = DecodePrompts(model, {encoded.embedding, encoded.detail}, {prompt});
    sum = sum + decoded.low_res.square().mean() + decoded.iou.square().mean();
  }
  return sum;
}

void Record(const std::string& model, const OperatorCheck& check, double tolerance) {
  std::pair<std::string, double> worst{"nothing", 0};
  for (const auto& [what, error] : check.errors()) {
    EXPECT_LE(error, tolerance) << what;
    if (error > worst.second) worst = {what, error};
  }
  std::printf("%s on %s: %zu operators and shapes, the worst %g: %s\n", model.c_str(),
              InstructionSets().c_str(), check.errors().size(), worst.second, worst.first.c_str());
  testing::Test::RecordProperty("instruction_sets", InstructionSets());
  testing::Test::RecordProperty("worst_error", std::to_string(worst.second));
}

class OperatorsTest : public testing::TestWithParam<std::string> {
 protected:
  static void ServeAndCheck(Precision precision, double tolerance) {
    const TensorFile file = Models().at(GetParam())();
    const ModelConfig config = ReadModelConfig(file).value();
    const SgpSam model = MustLoad(file, config, precision);
    const c10::InferenceMode inference_mode;
    const OperatorCheck check;
    Serve(model);
    EXPECT_TRUE(check.Met("aten::conv3d"));
    EXPECT_TRUE(check.Met("aten::layer_norm"));
    EXPECT_TRUE(check.Met("aten::softmax"));
    Record(GetParam(), check, tolerance);
  }
};

INSTANTIATE_TEST_SUITE_P(Every, OperatorsTest, testing::Values("shipped", "fresh_demo", "tiny", "vit_b_ori"),
                         [](const auto& info) { return info.param; });

TEST_P(OperatorsTest, AreRightInBfloat16) { ServeAndCheck(Precision::kBfloat16, kToleranceBf16); }

TEST_P(OperatorsTest, AreRightInFloat32) { ServeAndCheck(Precision::kFloat32, kToleranceFloat32); }

// What the shipped models were trained with.
class TrainedOperatorsTest : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Every, TrainedOperatorsTest, testing::Values("shipped", "fresh_demo"),
                         [](const auto& info) { return info.param; });

TEST_P(TrainedOperatorsTest, AreRightInBfloat16ForwardAndBackward) {
  const TensorFile file = Models().at(GetParam())();
  std::map<std::string, at::Tensor> leaves;
  for (const auto& [name, tensor] : file.tensors) leaves[name] = TensorsOf(file)(name).requires_grad_();
  const OperatorCheck check;
  const SgpSam model = AssembleSgpSam([&](const std::string& name) { return leaves.at(name); },
                                      ReadModelConfig(file).value(), at::kCPU, Precision::kBfloat16);
  Serve(model).backward();
  EXPECT_TRUE(leaves.at("image_encoder.patch_embed.proj.weight").grad().defined());
  EXPECT_TRUE(check.Met("aten::convolution_backward"));
  Record(GetParam(), check, kToleranceBf16);
}

void ExpectFound(WrongKernel::Kind kind, const std::string& name, Precision precision) {
  const ModelConfig config = ModelConfig::Tiny();
  const SgpSam model = MustLoad(SmallModel(config), config, precision);
  const c10::InferenceMode inference_mode;
  const WrongKernel planted(kind);
  const OperatorCheck check;
  Serve(model);
  ASSERT_TRUE(check.Met(name));
  double worst = 0;
  for (const auto& [what, error] : check.errors()) {
    if (what.starts_with(name + " ")) worst = std::max(worst, error);
  }
  EXPECT_GT(worst, 0.5);
}

TEST(OperatorCheck, FindsAWrongConvolution) {
  ExpectFound(WrongKernel::Kind::kBfloat16Convolution, "aten::conv3d", Precision::kBfloat16);
}

TEST(OperatorCheck, FindsAWrongPackedProduct) {
  ExpectFound(WrongKernel::Kind::kPackedProduct, "mkldnn::_linear_pointwise", Precision::kFloat32);
}

TEST(OperatorCheck, FindsAWrongPackedProductInBfloat16) {
  const at::Tensor weight = at::ones({16, 16}, at::kBFloat16);
  if (!IsPacked(PackWeight(weight, 16))) {
    GTEST_SKIP() << "not packed in bfloat16 on this processor: " << InstructionSets();
  }
  ExpectFound(WrongKernel::Kind::kPackedProduct, "mkldnn::_linear_pointwise", Precision::kBfloat16);
}

// With one model in bfloat16 and in float32.
void ExpectTheSameMasks(const std::string& name) {
  const TensorFile file = Shipped(name);
  const ModelConfig config = ReadModelConfig(file).value();
  const SgpSam rough = MustLoad(file, config, Precision::kBfloat16), exact = MustLoad(file, config);
  const c10::InferenceMode inference_mode;
  const at::Tensor patch = SomePatch(config);
  const Encoded a = Encode(rough.image_encoder, patch), b = Encode(exact.image_encoder, patch);
  EXPECT_LT(((a.embedding - b.embedding).norm() / b.embedding.norm()).item<double>(), 0.02);
  if (b.detail.defined()) {
    EXPECT_LT(((a.detail - b.detail).norm() / b.detail.norm()).item<double>(), 0.02);
  }
  for (const Prompt& prompt : SomePrompts(config)) {
    const at::Tensor x = DecodePrompts(rough, {a.embedding, a.detail}, {prompt}).low_res.gt(0),
                     y = DecodePrompts(exact, {b.embedding, b.detail}, {prompt}).low_res.gt(0);
    ASSERT_GT(y.sum().item<int64_t>(), 100);
    const double both = x.logical_and(y).sum().item<double>();
    EXPECT_GE(2 * both / (x.sum() + y.sum()).item<double>(), 0.99);
  }
}

TEST(ShippedModel, KeepsItsMasksInBfloat16) { ExpectTheSameMasks("sgpsam-lesions"); }

}  // namespace
}  // namespace sgpsam
