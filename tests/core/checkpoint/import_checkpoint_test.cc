#include "core/checkpoint/import_checkpoint.h"

#include <string>
#include <vector>

#include "core/model_file/check_tensors.h"
#include "core/model_file/seeded_weights.h"
#include "core/model_file/tensor_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/checkpoint/pth_builder.h"

namespace sgpsam {
namespace {

using pickles::Dict;
using pickles::Storage;
using ::testing::HasSubstr;

// Saved by PyTorch itself; the script next to it says how.
constexpr char kTrainerCheckpoint[] = SGPSAM_SOURCE_DIR "/tests/tools/commands/data/tiny_trainer.pth";
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
std::string CheckpointOf(const std::vector<TensorSpec>& specs, const std::string& config_json = "") {
  std::vector<std::pair<std::string, std::string>> items;
  for (size_t i = 0; i < specs.size(); ++i) {
    const std::string storage = Storage("FloatStorage", std::to_string(i), specs[i].elements());
    items.emplace_back(specs[i].name,
                       pickles::Tensor(storage, 0, specs[i].shape, RowMajorStrides(specs[i].shape)));
  }
  std::vector<std::pair<std::string, std::string>> top{{"model_state_dict", Dict(items)}};
  if (!config_json.empty()) top.emplace_back("sgpsam_config", pickles::Text(config_json));
  ZipBuilder zip = Archive(Dict(top));
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

// A merged file's own configuration is as hostile as the rest of it.
TEST(ImportCheckpoint, RefusesAConfigurationThatContradictsTheTensors) {
  const TemporaryFile contradicting(CheckpointOf(TensorTable(PlainTiny()), ToJson(ModelConfig::Tiny())));
  const absl::Status status = ImportCheckpoint(contradicting.path(), PlainTiny()).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr(contradicting.path() + " is no sgpsam-tiny"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("missing: sgpm.1.norm.weight [16]"));
  const TemporaryFile broken(CheckpointOf(TensorTable(PlainTiny()), "{\"depth\":4}"));
  const absl::Status invalid = ImportCheckpoint(broken.path(), PlainTiny()).status();
  EXPECT_THAT(std::string(invalid.message()),
              HasSubstr(broken.path() + ": model configuration, field \"name\""));
}

TEST(ImportCheckpoint, SaysWhenAnotherModelIsMeant) {
  const auto model = ImportCheckpoint(kTrainerCheckpoint, ModelConfig());
  ASSERT_FALSE(model.ok());
  EXPECT_THAT(std::string(model.status().message()), HasSubstr("is no sam-med3d-vit_b_ori"));
}

}  // namespace
}  // namespace sgpsam
