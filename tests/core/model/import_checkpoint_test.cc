#include "core/model/import_checkpoint.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "core/model/check_tensors.h"
#include "core/model/seeded_weights.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/model/pth_builder.h"

namespace sgpsam {
namespace {

using pickles::Dict;
using pickles::Storage;
using ::testing::HasSubstr;

// Saved by PyTorch itself; the script beside it says how.
constexpr char kTrainerCheckpoint[] = SGPSAM_SOURCE_DIR "/tests/tools/data/tiny_trainer.pth";
constexpr uint64_t kTrainerSeed = 5;

ModelConfig PlainTiny() {
  ModelConfig config = ModelConfig::Tiny();
  config.sgpm.blocks.clear();
  return config;
}

std::vector<int64_t> RowMajorStrides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  return strides;
}

// A checkpoint of these tensors, each of zeros in a storage of its own.
std::string CheckpointOf(const std::vector<TensorSpec>& specs) {
  std::vector<std::pair<std::string, std::string>> items;
  for (size_t i = 0; i < specs.size(); ++i) {
    const std::string storage = Storage("FloatStorage", std::to_string(i), specs[i].elements());
    items.emplace_back(specs[i].name,
                       pickles::Tensor(storage, 0, specs[i].shape, RowMajorStrides(specs[i].shape)));
  }
  ZipBuilder zip = Archive(Dict({{"model_state_dict", Dict(items)}}));
  for (size_t i = 0; i < specs.size(); ++i) {
    zip.Add("archive/data/" + std::to_string(i),
            std::string(static_cast<size_t>(specs[i].elements()) * 4, '\0'));
  }
  return zip.Build();
}

absl::StatusOr<TensorFile> ImportBytes(const std::string& bytes) {
  const TemporaryFile file(bytes);
  return ImportCheckpoint(file.path(), ModelConfig::Tiny());
}

TEST(ImportCheckpoint, ReadsWhatPyTorchSavedForATrainer) {
  const auto model = ImportCheckpoint(kTrainerCheckpoint, PlainTiny());
  ASSERT_TRUE(model.ok()) << model.status();
  const TensorFile expected = SeededModel(PlainTiny(), kTrainerSeed);
  EXPECT_EQ(model->metadata, expected.metadata);
  ASSERT_EQ(model->tensors.size(), expected.tensors.size());
  for (const auto& [name, tensor] : expected.tensors) {
    EXPECT_EQ(model->tensors.at(name).shape, tensor.shape) << name;
    EXPECT_EQ(model->tensors.at(name).type, TensorType::kFloat32) << name;
    EXPECT_TRUE(model->tensors.at(name).bytes == tensor.bytes) << name;
  }
}

TEST(ImportCheckpoint, AddsFreshModules) {
  const auto model = ImportCheckpoint(kTrainerCheckpoint, ModelConfig::Tiny());
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_TRUE(CheckTensors(*model, ModelConfig::Tiny()).ok());
  const NamedTensor& up = model->tensors.at("sgpm.1.up.weight");
  EXPECT_EQ(up.bytes, std::vector<uint8_t>(up.bytes.size(), 0));
}

TEST(ImportCheckpoint, RecognisesBoxCorners) {
  ModelConfig config = PlainTiny();
  config.point_embeddings = 4;
  const auto model = ImportBytes(CheckpointOf(TensorTable(config)));
  ASSERT_TRUE(model.ok()) << model.status();
  const auto read = ReadModelConfig(*model);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->point_embeddings, 4);
}

TEST(ImportCheckpoint, ListsEveryWrongTensorByNameAndShapes) {
  std::vector<TensorSpec> specs = TensorTable(PlainTiny());
  const std::string missing = specs.back().name;
  specs.pop_back();
  specs[0].shape = {1, 8, 8, 8, 15};
  specs.push_back({"surplus.weight", {3}, 0, 0});
  const auto model = ImportBytes(CheckpointOf(specs));
  ASSERT_FALSE(model.ok());
  const std::string message(model.status().message());
  EXPECT_THAT(message, HasSubstr("missing: " + missing + " [4]"));
  EXPECT_THAT(message, HasSubstr("unexpected: surplus.weight [3]"));
  EXPECT_THAT(message, HasSubstr("image_encoder.pos_embed [1,8,8,8,15] instead of [1,8,8,8,16]"));
}

TEST(ImportCheckpoint, SaysWhenAnotherModelIsMeant) {
  const auto model = ImportCheckpoint(kTrainerCheckpoint, ModelConfig());
  ASSERT_FALSE(model.ok());
  EXPECT_THAT(std::string(model.status().message()), HasSubstr("is no sam-med3d-vit_b_ori"));
}

TEST(ToFloat32, ConvertsEveryFloatingPointType) {
  const std::vector<float> expected{1.0f, -2.5f, 0.0f, 6.103515625e-5f, 5.9604644775390625e-8f, 65504.0f};
  const std::vector<uint16_t> halves{0x3c00, 0xc100, 0x0000, 0x0400, 0x0001, 0x7bff};
  const std::vector<double> doubles(expected.begin(), expected.end());
  const auto convert = [](TensorType type, const std::string& bytes) {
    const auto tensor = ToFloat32({type, {6}, std::vector<uint8_t>(bytes.begin(), bytes.end())});
    EXPECT_TRUE(tensor.ok()) << tensor.status();
    std::vector<float> values(6);
    std::memcpy(values.data(), tensor->bytes.data(), 24);
    return values;
  };
  EXPECT_EQ(convert(TensorType::kFloat16, BytesOf(halves)), expected);
  EXPECT_EQ(convert(TensorType::kFloat32, BytesOf(expected)), expected);
  EXPECT_EQ(convert(TensorType::kFloat64, BytesOf(doubles)), expected);
  EXPECT_EQ(convert(TensorType::kBfloat16,
                    BytesOf(std::vector<uint16_t>{0x3f80, 0xc020, 0, 0x0080, 0x8000, 0x4049})),
            (std::vector<float>{1.0f, -2.5f, 0.0f, std::numeric_limits<float>::min(), -0.0f, 3.140625f}));
}

TEST(ToFloat32, RefusesWhatIsNoWeight) {
  EXPECT_FALSE(ToFloat32({TensorType::kInt64, {1}, std::vector<uint8_t>(8, 0)}).ok());
  for (const uint16_t half : {0x7c00, 0xfc00, 0x7e00}) {
    const std::string bytes = BytesOf(std::vector<uint16_t>{half});
    EXPECT_FALSE(
        ToFloat32({TensorType::kFloat16, {1}, std::vector<uint8_t>(bytes.begin(), bytes.end())}).ok());
  }
  const std::string large = BytesOf(std::vector<double>{1e300});
  EXPECT_FALSE(ToFloat32({TensorType::kFloat64, {1}, std::vector<uint8_t>(large.begin(), large.end())}).ok());
}

}  // namespace
}  // namespace sgpsam
