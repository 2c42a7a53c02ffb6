#include "tools/learn/train/parameters.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "core/model_file/check_tensors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/small_model.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

constexpr char kFourierMatrix[] = "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix";
constexpr TrainedParts kNothing{false, false, false, false};
constexpr TrainedParts kEverything{true, true, true, true};

Parameters MustMake(const TrainedParts& parts) {
  return Parameters::FromFile(SmallModel(SmallConfig()), SmallConfig(), parts).value();
}

// The beginnings of the names, up to the first dot.
std::set<std::string> PartsOf(const std::vector<std::string>& names) {
  std::set<std::string> parts;
  for (const std::string& name : names) parts.insert(name.substr(0, name.find('.')));
  return parts;
}

TEST(Parameters, TrainModulesAndMaskDecoderUnlessOtherPartsAreChosen) {
  EXPECT_EQ(PartsOf(MustMake({}).trained()), (std::set<std::string>{"sgpm", "mask_decoder"}));
  EXPECT_TRUE(MustMake(kNothing).trained().empty());
  EXPECT_EQ(PartsOf(MustMake({true, false, false, false}).trained()), std::set<std::string>{"image_encoder"});
  EXPECT_EQ(PartsOf(MustMake({false, true, false, false}).trained()), std::set<std::string>{"sgpm"});
  EXPECT_EQ(PartsOf(MustMake({false, false, true, false}).trained()),
            std::set<std::string>{"prompt_encoder"});
  EXPECT_EQ(PartsOf(MustMake({false, false, false, true}).trained()), std::set<std::string>{"mask_decoder"});
}

TEST(Parameters, TrainAllButTheFourierMatrixIfEveryPartIsChosen) {
  const Parameters parameters = MustMake(kEverything);
  EXPECT_EQ(parameters.trained().size() + 1, parameters.all().size());
  EXPECT_EQ(std::count(parameters.trained().begin(), parameters.trained().end(), kFourierMatrix), 0);
}

TEST(Parameters, KeepHelpersOutOfTheModel) {
  Parameters parameters = MustMake(kNothing);
  const size_t tensors = parameters.ToFile().tensors.size();
  parameters.AddHelper("helper", at::ones({3}));
  EXPECT_EQ(parameters.trained(), std::vector<std::string>{"helper"});
  EXPECT_TRUE(parameters.at("helper").requires_grad());
  EXPECT_EQ(parameters.ToFile().tensors.size(), tensors);
}

// An alias gathers gradients of its own over the same values.
TEST(Parameters, LendTheirValuesToAnAlias) {
  Parameters parameters = MustMake({});
  const std::string& name = parameters.trained().front();
  Parameters alias = parameters.Alias();
  alias.at(name).sum().backward();
  EXPECT_FALSE(parameters.at(name).grad().defined());
  EXPECT_EQ(alias.at(name).const_data_ptr(), parameters.at(name).const_data_ptr());
  std::vector<at::Tensor> gradients(parameters.trained().size());
  gradients[0] = alias.at(name).grad();
  parameters.AddGradients(gradients);
  parameters.AddGradients(gradients);
  EXPECT_TRUE(at::equal(parameters.at(name).grad(), at::full_like(gradients[0], 2)));
}

TEST(Parameters, AreLeavesOfWhichTheTrainedOnesGatherGradients) {
  const Parameters parameters = MustMake({});
  const std::set<std::string> trained(parameters.trained().begin(), parameters.trained().end());
  for (const auto& [name, tensor] : parameters.all()) {
    EXPECT_TRUE(tensor.is_leaf()) << name;
    EXPECT_EQ(tensor.requires_grad(), trained.count(name) > 0) << name;
  }
}

TEST(Parameters, AreWhatAModelIsAssembledFrom) {
  Parameters parameters = MustMake({});
  const TensorSource source = parameters.source();
  for (const auto& [name, tensor] : parameters.all()) EXPECT_TRUE(source(name).is_same(tensor)) << name;
}

TEST(Parameters, ComeBackFromTheirFileBitForBit) {
  const TensorFile file = SmallModel(SmallConfig());
  const TensorFile back = MustMake({}).ToFile();
  ASSERT_EQ(back.tensors.size(), file.tensors.size());
  for (const auto& [name, tensor] : file.tensors) {
    EXPECT_EQ(back.tensors.at(name).shape, tensor.shape) << name;
    EXPECT_EQ(back.tensors.at(name).bytes, tensor.bytes) << name;
  }
  EXPECT_EQ(ToJson(ReadModelConfig(back).value()), ToJson(SmallConfig()));
}

TEST(Parameters, BecomeFloat32WhateverTheFileHolds) {
  TensorFile file = SmallModel(SmallConfig());
  NamedTensor& stored = file.tensors.at("mask_decoder.iou_token.weight");
  const at::Tensor halves = at::linspace(-2, 2, 24).to(at::kHalf);
  stored.type = TensorType::kFloat16;
  stored.bytes.resize(halves.nbytes());
  std::memcpy(stored.bytes.data(), halves.const_data_ptr(), stored.bytes.size());
  const Parameters parameters = Parameters::FromFile(file, SmallConfig(), {}).value();
  const at::Tensor& tensor = parameters.all().at("mask_decoder.iou_token.weight");
  EXPECT_EQ(tensor.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(tensor.detach().flatten(), halves.to(at::kFloat)));
  EXPECT_EQ(parameters.ToFile().tensors.at("mask_decoder.iou_token.weight").type, TensorType::kFloat32);
}

TEST(Parameters, AreRefusedIfTheyAreNotTheConfigurations) {
  TensorFile file = SmallModel(SmallConfig());
  file.tensors.erase("mask_decoder.iou_token.weight");
  const absl::Status missing = Parameters::FromFile(file, SmallConfig(), {}).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("mask_decoder.iou_token.weight"));

  ModelConfig wrong = SmallConfig();
  wrong.window = 2;
  const absl::Status invalid = Parameters::FromFile(SmallModel(SmallConfig()), wrong, {}).status();
  EXPECT_EQ(invalid.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(invalid.message()), HasSubstr("window"));
}

TEST(Parameters, OfAViewAreStoredInTheOrderOfItsIndices) {
  const at::Tensor turned = at::arange(6).to(at::kFloat).view({2, 3}).t();
  const NamedTensor stored = ToNamedTensor(turned);
  EXPECT_EQ(stored.shape, (std::vector<int64_t>{3, 2}));
  const float expected[] = {0, 3, 1, 4, 2, 5};
  ASSERT_EQ(stored.bytes.size(), sizeof(expected));
  EXPECT_EQ(std::memcmp(stored.bytes.data(), expected, sizeof(expected)), 0);
}

// Four matrices in each block get two thin ones; nothing else of the encoder learns.
TEST(Parameters, AdaptTheEncoderByThinMatrices) {
  Parameters parameters = MustMake(kNothing);
  const TensorFile before = parameters.ToFile();
  ASSERT_TRUE(parameters.AddLowRank(2, 1).ok());
  EXPECT_EQ(parameters.trained().size(), static_cast<size_t>(2 * 4 * SmallConfig().depth));
  for (const auto& [name, tensor] : parameters.ToFile().tensors) {
    EXPECT_EQ(tensor.bytes, before.tensors.at(name).bytes) << name << ": B is zero at first";
  }
  const std::string name = "image_encoder.blocks.1.mlp.lin1.weight";
  at::Tensor& a = parameters.at("training.low_rank_a." + name);
  at::Tensor& b = parameters.at("training.low_rank_b." + name);
  {
    const at::Tensor change = at::ones_like(b.detach()) * 0.25;
    b.detach().copy_(change);
  }
  // What is written is what ran.
  const at::Tensor expected = parameters.at(name) + at::matmul(b, a);
  EXPECT_TRUE(at::allclose(parameters.source()(name), expected, 1e-6, 1e-7));
  const TensorFile file = parameters.ToFile();
  EXPECT_EQ(file.tensors.size(), before.tensors.size());
  EXPECT_TRUE(at::allclose(TensorsOf(file)(name), expected.detach(), 1e-6, 1e-7));
  EXPECT_TRUE(CheckTensors(file, SmallConfig()).ok());
  // Gradients reach the thin ones alone.
  parameters.source()(name).sum().backward();
  EXPECT_TRUE(a.grad().defined() && b.grad().defined());
  EXPECT_FALSE(parameters.at(name).requires_grad());
}

TEST(Parameters, AdaptNoEncoderThatIsTrained) {
  EXPECT_EQ(MustMake({true, false, false, false}).AddLowRank(2, 1).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MustMake(kNothing).AddLowRank(100000, 1).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MustMake(kNothing).AddLowRank(0, 1).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam
