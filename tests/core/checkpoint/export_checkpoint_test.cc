#include "core/checkpoint/export_checkpoint.h"

#include <cstring>
#include <string>
#include <vector>

#include "core/checkpoint/import_checkpoint.h"
#include "core/model_file/check_tensors.h"
#include "core/model_file/convert_tensor.h"
#include "core/model_file/seeded_weights.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/full_disk.h"
#include "tests/support/temporary_folder.h"

namespace sgpsam {
namespace {

using ::testing::HasSubstr;

class ExportCheckpointTest : public TemporaryFolder {
 protected:
  // What the import makes of the export.
  TensorFile ThereAndBack(const TensorFile& model, TensorType type,
                          const ModelConfig& wanted = ModelConfig()) {
    const absl::Status status = ExportCheckpoint(model, type, Path("out.pth"));
    EXPECT_TRUE(status.ok()) << status;
    const auto back = ImportCheckpoint(Path("out.pth"), wanted);
    EXPECT_TRUE(back.ok()) << back.status();
    return back.ok() ? *back : TensorFile();
  }
};

// As training leaves it: no module is the identity any more.
TensorFile TrainedModel(const ModelConfig& config) {
  TensorFile file = SeededModel(config, 5);
  for (auto& [name, tensor] : file.tensors) {
    if (name.rfind("sgpm.", 0) != 0) continue;
    const auto values =
        SeededValues(name, static_cast<int64_t>(tensor.bytes.size() / sizeof(float)), 9, 0, 1);
    std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  }
  return file;
}

void ExpectSame(const TensorFile& actual, const TensorFile& expected) {
  EXPECT_EQ(actual.metadata, expected.metadata);
  ASSERT_EQ(actual.tensors.size(), expected.tensors.size());
  for (const auto& [name, tensor] : expected.tensors) {
    EXPECT_EQ(actual.tensors.at(name).shape, tensor.shape) << name;
    EXPECT_EQ(actual.tensors.at(name).type, tensor.type) << name;
    EXPECT_TRUE(actual.tensors.at(name).bytes == tensor.bytes) << name;
  }
}

TEST_F(ExportCheckpointTest, IsImportedWithItsModulesAndConfiguration) {
  ModelConfig config = ModelConfig::Tiny();
  config.name = "trained";
  config.point_embeddings = 4;
  config.sgpm.spatial_gate = true;
  config.sgpm.threshold = 0.25f;
  const TensorFile model = TrainedModel(config);
  ExpectSame(ThereAndBack(model, TensorType::kFloat32), model);
}

TEST_F(ExportCheckpointTest, IsImportedWithoutItsModulesOnRequest) {
  ModelConfig plain = ModelConfig::Tiny();
  plain.sgpm.blocks.clear();
  ExpectSame(ThereAndBack(TrainedModel(ModelConfig::Tiny()), TensorType::kFloat32, plain),
             SeededModel(plain, 5));
}

TEST_F(ExportCheckpointTest, WritesAPlainModelWithoutModules) {
  ModelConfig plain = ModelConfig::Tiny();
  plain.sgpm.blocks.clear();
  ExpectSame(ThereAndBack(SeededModel(plain, 5), TensorType::kFloat32), SeededModel(plain, 5));
  EXPECT_EQ(Read(Path("out.pth")).find("sgpm_state_dict"), std::string::npos);
}

TEST_F(ExportCheckpointTest, RoundsToTheTypeOfThePrecision) {
  const TensorFile model = TrainedModel(ModelConfig::Tiny());
  for (const TensorType type : {TensorType::kFloat16, TensorType::kBfloat16}) {
    TensorFile expected = model;
    for (auto& [name, tensor] : expected.tensors) {
      tensor = *ConvertTensor(*ConvertTensor(tensor, type), TensorType::kFloat32);
    }
    ExpectSame(ThereAndBack(model, type), expected);
  }
}

TEST_F(ExportCheckpointTest, MakesTheSameFileOfTheSameModel) {
  const TensorFile model = TrainedModel(ModelConfig::Tiny());
  ThereAndBack(model, TensorType::kFloat32);
  const std::string first = Read(Path("out.pth"));
  ThereAndBack(model, TensorType::kFloat32);
  EXPECT_TRUE(Read(Path("out.pth")) == first);
}

TEST_F(ExportCheckpointTest, RefusesWhatIsNotTheConfigurationsModel) {
  TensorFile model = SeededModel(ModelConfig::Tiny(), 5);
  model.tensors.erase("mask_decoder.iou_token.weight");
  EXPECT_THAT(std::string(ExportCheckpoint(model, TensorType::kFloat32, Path("out.pth")).message()),
              HasSubstr("missing: mask_decoder.iou_token.weight [1,24]"));
  model.metadata.clear();
  EXPECT_FALSE(ExportCheckpoint(model, TensorType::kFloat32, Path("out.pth")).ok());
  EXPECT_EQ(FilesInFolder(), 0u);
}

TEST_F(ExportCheckpointTest, NamesTheTensorWhoseValuesThePrecisionDoesNotHave) {
  TensorFile model = SeededModel(ModelConfig::Tiny(), 5);
  const float large = 1e5f;
  std::memcpy(model.tensors.at("sgpm.1.norm.bias").bytes.data(), &large, sizeof(large));
  EXPECT_THAT(std::string(ExportCheckpoint(model, TensorType::kFloat16, Path("out.pth")).message()),
              HasSubstr("tensor sgpm.1.norm.bias holds values that are too large for F16"));
  EXPECT_EQ(FilesInFolder(), 0u);
}

TEST_F(ExportCheckpointTest, KeepsTheFileBeforeItWhenTheDiskIsFull) {
  const TensorFile model = SeededModel(ModelConfig::Tiny(), 5);
  Write("out.pth", "the previous one");
  absl::Status status;
  {
    const FullDisk full(100'000);
    status = ExportCheckpoint(model, TensorType::kFloat32, Path("out.pth"));
  }
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot write " + Path("out.pth")));
  EXPECT_EQ(Read(Path("out.pth")), "the previous one");
  EXPECT_EQ(FilesInFolder(), 1u);
}

}  // namespace
}  // namespace sgpsam
