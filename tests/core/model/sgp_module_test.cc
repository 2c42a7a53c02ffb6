#include "core/model/sgp_module.h"

#include <ATen/ATen.h>

#include "core/model/image_encoder.h"
#include "gtest/gtest.h"
#include "tests/core/model/model_fixture.h"

namespace sgpsam {
namespace {

// A model whose modules have learned something: their last projection is not zero.
TensorFile TrainedModel(const ModelConfig& config) {
  TensorFile file = SeededModel(config, /*seed=*/1);
  for (const int block : config.sgpm.blocks) {
    for (const char* part : {"weight", "bias"}) {
      const std::string name = "sgpm." + std::to_string(block) + ".up." + part;
      NamedTensor& tensor = file.tensors.at(name);
      tensor = SeededTensor({name, tensor.shape, 0, 0.5}, /*seed=*/1);
    }
  }
  return file;
}

at::Tensor EncodeWith(const TensorFile& file, const ModelConfig& config) {
  const c10::InferenceMode inference_mode;
  return Encode(MustLoad(file, config).image_encoder, MakePatch(1)).embedding;
}

at::Tensor PlainEmbedding() {
  const ModelConfig config = PlainTinyConfig();
  return EncodeWith(SeededModel(config, 1), config);
}

TEST(SgpModule, LeavesThePlainModelBitForBitWhileFresh) {
  const ModelConfig config = ModelConfig::Tiny();
  EXPECT_TRUE(at::equal(EncodeWith(SeededModel(config, 1), config), PlainEmbedding()));
}

TEST(SgpModule, LeavesThePlainModelBitForBitWhileItsGateIsClosed) {
  ModelConfig config = ModelConfig::Tiny();
  config.sgpm.threshold = 2;  // no mean of sigmoids reaches it
  EXPECT_TRUE(at::equal(EncodeWith(TrainedModel(config), config), PlainEmbedding()));
}

TEST(SgpModule, ChangesTheFeaturesWhileItsGateIsOpen) {
  ModelConfig config = ModelConfig::Tiny();
  config.sgpm.threshold = -1;
  EXPECT_GT(MaxDifference(EncodeWith(TrainedModel(config), config), PlainEmbedding()), 1e-2);
}

TEST(SgpModule, SpatialGateWeighsTokens) {
  ModelConfig config = ModelConfig::Tiny();
  config.sgpm.threshold = -1;
  const at::Tensor without = EncodeWith(TrainedModel(config), config);
  config.sgpm.spatial_gate = true;
  EXPECT_GT(MaxDifference(EncodeWith(TrainedModel(config), config), without), 1e-3);
}

// A module between two patches of unlike gate scores: the branch taken for one must not touch the other, and
// the multiplication of the branch-free path must give the same.
TEST(SgpModule, DecidesForEachPatchAlone) {
  const c10::InferenceMode inference_mode;
  const ModelConfig config = ModelConfig::Tiny();
  const TensorFile file = TrainedModel(config);
  SgpModule module = LoadSgpModule(TensorMap(TensorsOf(file), at::kCPU, at::kFloat), /*block=*/1, config);
  const at::Tensor x = at::stack({at::sin(at::arange(512 * 16).to(at::kFloat)).view({512, 16}),
                                  at::cos(at::arange(512 * 16).to(at::kFloat) * 0.37).view({512, 16})});
  const Gate gate = ComputeGate(module, module.norm(x));
  const float low = gate.score.min().item<float>(), high = gate.score.max().item<float>();
  ASSERT_LT(low, high);
  module.threshold = (low + high) / 2;
  at::Tensor y = x.clone();
  EXPECT_TRUE(at::equal(ApplySgpModule(module, y), gate.score));
  const at::Tensor masked =
      x + FuseScales(module, module.norm(x), gate.channels) * gate.score.gt(module.threshold).view({2, 1, 1});
  for (int64_t n = 0; n < 2; ++n) {
    const bool open = gate.score[n].item<float>() > module.threshold;
    EXPECT_EQ(at::equal(y[n], x[n]), !open);
    EXPECT_LE(MaxDifference(y[n], masked[n]), 1e-6);
  }
}

TEST(SgpModule, ReportsAScoreOfEachModule) {
  const c10::InferenceMode inference_mode;
  const ModelConfig config = ModelConfig::Tiny();
  const Encoded encoded = Encode(MustLoad(SeededModel(config, 1), config).image_encoder, MakePatch(1));
  ASSERT_EQ(encoded.gate_scores.sizes(), at::IntArrayRef({1, 2}));
  EXPECT_GT(encoded.gate_scores.min().item<float>(), 0.0f);
  EXPECT_LT(encoded.gate_scores.max().item<float>(), 1.0f);
  EXPECT_NE(encoded.gate_scores[0][0].item<float>(), encoded.gate_scores[0][1].item<float>());
}

}  // namespace
}  // namespace sgpsam
