#include "core/model/sgp_module.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>

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

TensorFile WithDetailInTheMask(TensorFile file) {
  const std::string name = "sgpm.detail_to_mask.weight";
  NamedTensor& tensor = file.tensors.at(name);
  tensor = SeededTensor({name, tensor.shape, 0, 0.5}, /*seed=*/1);
  return file;
}

at::Tensor EncodeWith(const TensorFile& file, const ModelConfig& config) {
  const c10::InferenceMode inference_mode;
  return Encode(MustLoad(file, config).image_encoder, MakePatch(1)).embedding;
}

at::Tensor MaskWith(const TensorFile& file, const ModelConfig& config) {
  const c10::InferenceMode inference_mode;
  const SgpSam model = MustLoad(file, config);
  const Encoded encoded = Encode(model.image_encoder, MakePatch(1));
  Prompt prompt;
  prompt.clicks = {{64, 50, 70, true}};
  return DecodePrompts(model, {encoded.embedding, encoded.detail}, {prompt}).low_res;
}

at::Tensor PlainMask() {
  const ModelConfig config = PlainTinyConfig();
  return MaskWith(SeededModel(config, 1), config);
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

ModelConfig OpenTinyConfig(int detail_channels) {
  ModelConfig config = ModelConfig::Tiny();
  config.sgpm.threshold = -1;
  config.sgpm.detail_channels = detail_channels;
  return config;
}

TEST(SgpModule, WithDetailLeavesThePlainModelBitForBitWhileFreshOrClosed) {
  ModelConfig config = OpenTinyConfig(5);
  EXPECT_TRUE(at::equal(EncodeWith(SeededModel(config, 1), config), PlainEmbedding()));
  EXPECT_TRUE(at::equal(MaskWith(SeededModel(config, 1), config), PlainMask()));
  config.sgpm.threshold = 2;
  EXPECT_TRUE(at::equal(EncodeWith(TrainedModel(config), config), PlainEmbedding()));
  EXPECT_TRUE(at::equal(MaskWith(WithDetailInTheMask(TrainedModel(config)), config), PlainMask()));
}

// The decoder's view of the map, written out: changing one cell of it changes the logit of that cell alone.
TEST(SgpModule, ShowsTheDecoderItsCells) {
  const c10::InferenceMode inference_mode;
  const ModelConfig config = OpenTinyConfig(5);
  const SgpSam model = MustLoad(WithDetailInTheMask(TrainedModel(config)), config);
  const Encoded encoded = Encode(model.image_encoder, MakePatch(1));
  Prompt prompt;
  prompt.clicks = {{64, 50, 70, true}};
  const at::Tensor before = DecodePrompts(model, {encoded.embedding, encoded.detail}, {prompt}).low_res;
  at::Tensor detail = encoded.detail.clone();
  detail[0].select(1, 9).select(1, 18).select(1, 27).add_(2);
  at::Tensor change =
      (DecodePrompts(model, {encoded.embedding, detail}, {prompt}).low_res - before).abs()[0][0];
  EXPECT_GT(change[9][18][27].item<float>(), 1e-4);
  change[9][18][27] = 0;
  EXPECT_EQ(change.max().item<float>(), 0);
}

// The second module goes on with the map of the first.
TEST(SgpModule, HandsItsCellsToTheNext) {
  const c10::InferenceMode inference_mode;
  const ModelConfig config = OpenTinyConfig(5);
  TensorFile file = TrainedModel(config);
  const at::Tensor both = Encode(MustLoad(file, config).image_encoder, MakePatch(1)).detail;
  SgpSam model = MustLoad(file, config);
  model.image_encoder.blocks[1].sgpm->threshold = 2;
  const at::Tensor second = Encode(model.image_encoder, MakePatch(1)).detail;
  model = MustLoad(file, config);
  model.image_encoder.blocks[3].sgpm->threshold = 2;
  const at::Tensor first = Encode(model.image_encoder, MakePatch(1)).detail;
  EXPECT_GT(MaxDifference(both, first), 1e-3);
  EXPECT_GT(MaxDifference(both, second), 1e-3);
}

// Each patch for itself: what a batch holds besides changes nothing.
TEST(SgpModule, ReadsDetailOfTheOwnPatch) {
  const c10::InferenceMode inference_mode;
  const ModelConfig config = OpenTinyConfig(5);
  const SgpSam model = MustLoad(TrainedModel(config), config);
  const at::Tensor patches = at::cat({MakePatch(1), MakePatch(2)});
  const Encoded both = Encode(model.image_encoder, patches);
  for (int64_t n = 0; n < 2; ++n) {
    const Encoded alone = Encode(model.image_encoder, patches.narrow(0, n, 1));
    EXPECT_LE(MaxDifference(both.embedding[n], alone.embedding[0]), 1e-4);
    EXPECT_LE(MaxDifference(both.detail[n], alone.detail[0]), 1e-4);
  }
  EXPECT_GT(MaxDifference(EncodeWith(TrainedModel(config), config),
                          EncodeWith(TrainedModel(OpenTinyConfig(0)), OpenTinyConfig(0))),
            1e-3);
}

// A convolution over cells, written out: the only voxel that is not zero lies in one cell of one token.
TEST(SgpModule, FoldsTheCellsOfAVoxelIntoItsToken) {
  const c10::InferenceMode inference_mode;
  const ModelConfig config = OpenTinyConfig(5);
  TensorFile file = TrainedModel(config);
  for (const char* bias : {"cells.bias", "spread.bias", "mix1.bias", "mix2.bias", "mix4.bias", "fold.bias"}) {
    NamedTensor& tensor = file.tensors.at(std::string("sgpm.1.detail.") + bias);
    std::fill(tensor.bytes.begin(), tensor.bytes.end(), 0);
  }
  SgpModule module = LoadSgpModule(TensorMap(TensorsOf(file), at::kCPU, at::kFloat), /*block=*/1, config);
  module.convs[1].weight.zero_();  // no context: each token for itself
  module.convs[2].weight.zero_();
  module.detail_mixes[1].weight.zero_();
  module.detail_mixes[2].weight.zero_();
  at::Tensor patch = at::zeros({1, 1, 128, 128, 128});
  const at::Tensor normed = at::zeros({1, 512, 16}), channels = at::ones({1, 8}),
                   detail = at::zeros({1, 5, 32, 32, 32});
  const at::Tensor without = FuseScales(module, normed, patch, detail, channels).tokens;
  patch[0][0][40][58][100] = 3;  // inside of token (2, 3, 6), away from its faces
  const at::Tensor changed =
      (FuseScales(module, normed, patch, detail, channels).tokens - without).abs().amax({0, 2});
  const int64_t token = (2 * 8 + 3) * 8 + 6;
  EXPECT_GT(changed[token].item<float>(), 1e-4);
  changed[token] = 0;
  EXPECT_EQ(changed.max().item<float>(), 0);
}

// A module between two patches of unlike gate scores: the branch taken for one must not touch the other, and
// the multiplication of the branch-free path must give the same.
TEST(SgpModule, DecidesForEachPatchAlone) {
  const c10::InferenceMode inference_mode;
  ModelConfig config = ModelConfig::Tiny();
  config.sgpm.detail_channels = 5;
  const TensorFile file = TrainedModel(config);
  SgpModule module = LoadSgpModule(TensorMap(TensorsOf(file), at::kCPU, at::kFloat), /*block=*/1, config);
  const at::Tensor x = at::stack({at::sin(at::arange(512 * 16).to(at::kFloat)).view({512, 16}),
                                  at::cos(at::arange(512 * 16).to(at::kFloat) * 0.37).view({512, 16})});
  const at::Tensor patches = at::cat({MakePatch(1), MakePatch(2)});
  const Gate gate = ComputeGate(module, module.norm(x));
  const float low = gate.score.min().item<float>(), high = gate.score.max().item<float>();
  ASSERT_LT(low, high);
  module.threshold = (low + high) / 2;
  const at::Tensor map = at::sin(at::arange(2 * 5 * 32768).to(at::kFloat) * 0.1).view({2, 5, 32, 32, 32});
  Features y = {x.clone(), map.clone()};
  EXPECT_TRUE(at::equal(ApplySgpModule(module, patches, y), gate.score));
  const at::Tensor open = gate.score.gt(module.threshold);
  const Features added = FuseScales(module, module.norm(x), patches, map, gate.channels);
  const at::Tensor masked = x + added.tokens * open.view({2, 1, 1}),
                   masked_map = map + added.detail * open.view({2, 1, 1, 1, 1});
  for (int64_t n = 0; n < 2; ++n) {
    EXPECT_EQ(at::equal(y.tokens[n], x[n]), !open[n].item<bool>());
    EXPECT_EQ(at::equal(y.detail[n], map[n]), !open[n].item<bool>());
    EXPECT_LE(MaxDifference(y.tokens[n], masked[n]), 1e-5);
    EXPECT_LE(MaxDifference(y.detail[n], masked_map[n]), 1e-5);
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
