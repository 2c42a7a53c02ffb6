#include "tools/learn/train/fresh_model.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "core/model/load_weights.h"
#include "core/model/sgp_sam.h"
#include "core/model_file/seeded_weights.h"
#include "core/model_file/tensor_table.h"
#include "gtest/gtest.h"
#include "tests/support/small_model.h"

namespace sgpsam {
namespace {

ModelConfig Plain() {
  ModelConfig config = SmallConfig();
  config.sgpm.blocks.clear();
  return config;
}

at::Tensor Find(const TensorFile& file, const std::string& name) { return TensorsOf(file)(name); }

double Largest(const at::Tensor& tensor) { return tensor.abs().max().item<double>(); }

TEST(FreshModel, HasEveryTensorOfItsConfiguration) {
  for (const ModelConfig& config : {SmallConfig(), ModelConfig::Tiny(), ModelConfig::Demo()}) {
    const TensorFile file = FreshModel(config, 1);
    EXPECT_TRUE(CheckTensors(file, config).ok()) << config.name;
    EXPECT_EQ(ToJson(ReadModelConfig(file).value()), ToJson(config));
  }
}

TEST(FreshModel, FollowsFromItsSeed) {
  const TensorFile first = FreshModel(SmallConfig(), 1), again = FreshModel(SmallConfig(), 1),
                   other = FreshModel(SmallConfig(), 2);
  for (const auto& [name, tensor] : first.tensors)
    EXPECT_EQ(tensor.bytes, again.tensors.at(name).bytes) << name;
  const std::string name = "image_encoder.patch_embed.proj.weight";
  EXPECT_NE(first.tensors.at(name).bytes, other.tensors.at(name).bytes);
}

// And those that a mask of zeros becomes (fresh_model.cc).
TEST(FreshModel, HasNoBiasesButThoseThatOpenItsGates) {
  const TensorFile file = FreshModel(SmallConfig(), 1);
  for (const auto& [name, tensor] : file.tensors) {
    if (!absl::EndsWith(name, ".bias") || absl::StartsWith(name, "prompt_encoder.mask_downscaling."))
      continue;
    const at::Tensor bias = Find(file, name);
    const double expected = absl::EndsWith(name, ".gate.lin2.bias") ? 1 : 0;
    EXPECT_TRUE(at::equal(bias, at::full_like(bias, expected))) << name;
  }
}

TEST(FreshModel, HasNormsThatChangeNothingAndNoRelativePositions) {
  const TensorFile file = FreshModel(SmallConfig(), 1);
  for (const char* norm :
       {"image_encoder.blocks.0.norm1.weight", "image_encoder.neck.1.weight", "sgpm.0.norm.weight",
        "mask_decoder.transformer.norm_final_attn.weight", "prompt_encoder.mask_downscaling.1.weight"}) {
    const at::Tensor weight = Find(file, norm);
    EXPECT_TRUE(at::equal(weight, at::ones_like(weight))) << norm;
  }
  for (const char* axis : {"d", "h", "w"}) {
    EXPECT_EQ(Largest(Find(file, std::string("image_encoder.blocks.1.attn.rel_pos_") + axis)), 0);
  }
}

TEST(FreshModel, KeepsWhatMustDifferFromZeroToLearn) {
  const TensorFile file = FreshModel(SmallConfig(), 1);
  for (const TensorSpec& spec : TensorTable(SmallConfig())) {
    const bool kernel = spec.shape.size() > 1 && !absl::StrContains(spec.name, "rel_pos_") &&
                        !absl::EndsWith(spec.name, ".up.weight");
    if (!kernel) continue;
    EXPECT_GT(Largest(Find(file, spec.name)), 0) << spec.name;
  }
  const double positions = Largest(Find(file, "image_encoder.pos_embed"));
  EXPECT_GT(positions, 0.03);
  EXPECT_LE(positions, 0.04);
}

TEST(FreshModel, AddsLittleToTheResidualSum) {
  const TensorFile fresh = FreshModel(SmallConfig(), 1), seeded = SeededModel(SmallConfig(), 1);
  for (const char* name :
       {"image_encoder.blocks.0.attn.proj.weight", "image_encoder.blocks.1.mlp.lin2.weight"}) {
    EXPECT_TRUE(at::allclose(Find(fresh, name) * std::sqrt(2.0 * SmallConfig().depth), Find(seeded, name)))
        << name;
  }
  const char* other = "image_encoder.blocks.0.mlp.lin1.weight";
  EXPECT_TRUE(at::equal(Find(fresh, other), Find(seeded, other)));
}

// The modules are there and open, and are the identity until they learn.
TEST(FreshModel, ComputesWhatItComputesWithoutItsModules) {
  const c10::InferenceMode inference_mode;
  const auto encode = [](const ModelConfig& config) {
    const SgpSam model = LoadSgpSam(FreshModel(config, 1), config, at::kCPU, Precision::kFloat32).value();
    return Encode(model.image_encoder, at::tensor(SeededPatch(1, 16)).view({1, 1, 16, 16, 16}));
  };
  const Encoded with = encode(SmallConfig());
  EXPECT_TRUE(at::equal(with.embedding, encode(Plain()).embedding));
  EXPECT_GT(with.gate_scores.min().item<float>(), SmallConfig().sgpm.threshold);
}

TEST(FreshModel, PairsFrequenciesWhoseFirstAxesAreExchanged) {
  const TensorFile file = FreshModel(SmallConfig(), 1);
  const at::Tensor matrix =
      TensorsOf(file)("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix");  // [3, frequencies]
  const std::vector<at::Tensor> halves = matrix.chunk(2, 1);
  EXPECT_TRUE(at::equal(halves[0][0], halves[1][1]));
  EXPECT_TRUE(at::equal(halves[0][1], halves[1][0]));
  EXPECT_TRUE(at::equal(halves[0][2], halves[1][2]));
  EXPECT_FALSE(at::equal(halves[0][0], halves[0][1]));
}

TEST(AddFreshModules, GivesAModelModulesThatChangeNothing) {
  const c10::InferenceMode inference_mode;
  const TensorFile plain = SeededModel(Plain(), 3);
  TensorFile file = plain;
  ASSERT_TRUE(AddFreshModules({.blocks = {1}, .detail_channels = 4, .spatial_gate = true}, 5, file).ok());
  const ModelConfig config = ReadModelConfig(file).value();
  EXPECT_EQ(config.sgpm.blocks, std::vector<int>{1});
  EXPECT_EQ(config.sgpm.detail_channels, 4);
  EXPECT_TRUE(config.sgpm.spatial_gate);
  ASSERT_TRUE(CheckTensors(file, config).ok());
  for (const auto& [name, tensor] : plain.tensors)
    EXPECT_EQ(file.tensors.at(name).bytes, tensor.bytes) << name;
  const auto encode = [](const TensorFile& of) {
    const SgpSam model = LoadSgpSam(of, ReadModelConfig(of).value(), at::kCPU, Precision::kFloat32).value();
    return Encode(model.image_encoder, at::tensor(SeededPatch(1, 16)).view({1, 1, 16, 16, 16})).embedding;
  };
  EXPECT_TRUE(at::equal(encode(file), encode(plain)));
}

TEST(AddFreshModules, MakesThemFromTheirSeed) {
  TensorFile first = SeededModel(Plain(), 3), again = first, other = first;
  ASSERT_TRUE(AddFreshModules({.blocks = {0, 1}}, 5, first).ok());
  ASSERT_TRUE(AddFreshModules({.blocks = {0, 1}}, 5, again).ok());
  ASSERT_TRUE(AddFreshModules({.blocks = {0, 1}}, 6, other).ok());
  EXPECT_EQ(first.tensors.at("sgpm.1.down.weight").bytes, again.tensors.at("sgpm.1.down.weight").bytes);
  EXPECT_NE(first.tensors.at("sgpm.1.down.weight").bytes, other.tensors.at("sgpm.1.down.weight").bytes);
}

TEST(AddFreshModules, RefusesWhatHasModulesOrLacksTheBlockOrIsNoModel) {
  TensorFile with = SeededModel(SmallConfig(), 3), without = SeededModel(Plain(), 3), none;
  EXPECT_EQ(AddFreshModules({.blocks = {0}}, 1, with).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(AddFreshModules({.blocks = {0, 2}}, 1, without).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(AddFreshModules({.blocks = {1, 0}}, 1, without).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(AddFreshModules({.blocks = {0}}, 1, none).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(without.tensors.size(), SeededModel(Plain(), 3).tensors.size());
}

at::Tensor EmbeddingOf(const TensorFile& file, const at::Tensor& patch) {
  const SgpSam model = LoadSgpSam(file, ReadModelConfig(file).value(), at::kCPU, Precision::kFloat32).value();
  return Encode(model.image_encoder, patch).embedding;
}

TEST(AddFreshRefiner, GivesAModelARefinerOnce) {
  TensorFile file = SeededModel(SmallConfig(), 3);
  ASSERT_TRUE(AddFreshRefiner(8, 5, file).ok());
  const ModelConfig config = ReadModelConfig(file).value();
  EXPECT_EQ(config.refiner_channels, 8);
  ASSERT_TRUE(CheckTensors(file, config).ok());
  EXPECT_EQ(Largest(Find(file, "mask_refiner.out.weight")), 0);
  EXPECT_GT(Largest(Find(file, "mask_refiner.mix4.weight")), 0);
  EXPECT_FALSE(AddFreshRefiner(8, 5, file).ok());
}

// One that read z-scores up to 2.5 reads windows of 2.5 deviations as it read those.
TEST(SetIntensities, LetsAModelReadItsFirstWindowAsItReadZScores) {
  const c10::InferenceMode inference_mode;
  ModelConfig config = SmallConfig();
  config.input_limit = 2.5f;
  config.sgpm.detail_channels = 4;
  const TensorFile before = SmallModel(config);
  TensorFile file = before;
  ASSERT_TRUE(SetIntensities({{"", true, {{-2.5, 2.5}, {-10, 10}}}}, file).ok());
  const ModelConfig now = ReadModelConfig(file).value();
  EXPECT_EQ(now.input_limit, 0);
  ASSERT_TRUE(CheckTensors(file, now).ok());
  const at::Tensor z = at::tensor(SeededPatch(1, 16)).view({1, 1, 16, 16, 16}) * 2;
  const at::Tensor windows = at::cat({(z / 2.5).clamp(-1, 1), (z / 10).clamp(-1, 1)}, 1);
  EXPECT_TRUE(at::allclose(EmbeddingOf(file, windows), EmbeddingOf(before, z), 1e-4, 1e-4));
}

TEST(SetIntensities, ChangesWindowsButNotTheirNumber) {
  TensorFile file = SeededModel(SmallConfig(), 3);
  ASSERT_TRUE(SetIntensities({{"", true, {{-2, 2}, {-9, 9}}}}, file).ok());
  EXPECT_TRUE(SetIntensities({{"", true, {{-3, 3}, {-9, 9}}}, {"CT", false, {{0, 1}, {0, 2}}}}, file).ok());
  EXPECT_EQ(ReadModelConfig(file)->intensities.size(), 2u);
  EXPECT_FALSE(SetIntensities({{"", true, {{-3, 3}}}}, file).ok());
  EXPECT_FALSE(SetIntensities({{"CT", false, {{-3, 3}, {0, 1}}}}, file).ok());  // nothing for the others
}

}  // namespace
}  // namespace sgpsam
