#include "core/model/load_weights.h"

#include <ATen/ATen.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/model/model_fixture.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

TEST(LoadWeights, NamesAllWrongTensorsTogether) {
  const ModelConfig config = ModelConfig::Tiny();
  TensorFile file = SeededModel(config, 1);
  file.tensors.erase("image_encoder.neck.1.bias");
  file.tensors["surplus"] = SeededTensor({"surplus", {2, 3}, 0, 1}, 1);
  NamedTensor& misshapen = file.tensors.at("sgpm.1.down.bias");
  misshapen = SeededTensor({"sgpm.1.down.bias", {9}, 0, 1}, 1);
  const absl::Status status = LoadSgpSam(file, config, at::kCPU, Precision::kFloat32).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::string message(status.message());
  EXPECT_THAT(message, HasSubstr("image_encoder.neck.1.bias [24]"));
  EXPECT_THAT(message, HasSubstr("surplus [2,3]"));
  EXPECT_THAT(message, HasSubstr("sgpm.1.down.bias [9] instead of [8]"));
}

TEST(LoadWeights, RefusesAWindowSmallerThanTheGrid) {
  ModelConfig config = PlainTinyConfig();
  config.window = 7;
  const absl::Status status =
      LoadSgpSam(SeededModel(config, 1), config, at::kCPU, Precision::kFloat32).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("window"));
}

TEST(LoadWeights, ReadsTensorsOfAnyFloatingPointType) {
  const ModelConfig config = PlainTinyConfig();
  TensorFile file = SeededModel(config, 1);
  NamedTensor& tensor = file.tensors.at("mask_decoder.iou_token.weight");
  const at::Tensor values = at::arange(24, at::kDouble);
  tensor.type = TensorType::kFloat64;
  tensor.bytes.resize(24 * sizeof(double));
  std::memcpy(tensor.bytes.data(), values.const_data_ptr<double>(), tensor.bytes.size());
  const SgpSam model = MustLoad(file, config);
  EXPECT_TRUE(at::equal(model.mask_decoder.output_tokens[0], values.to(at::kFloat)));
}

TEST(LoadWeights, KeepsNothingOfTheFile) {
  const ModelConfig config = PlainTinyConfig();
  TensorFile file = SeededModel(config, 1);
  const SgpSam model = MustLoad(file, config);
  const at::Tensor before = model.image_encoder.pos_embed.clone();
  for (auto& [name, tensor] : file.tensors) std::fill(tensor.bytes.begin(), tensor.bytes.end(), uint8_t{0});
  EXPECT_TRUE(at::equal(model.image_encoder.pos_embed, before));
}

}  // namespace
}  // namespace sgpsam
