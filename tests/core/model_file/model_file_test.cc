#include "core/model_file/model_file.h"

#include <string>

#include "core/base/file_io.h"
#include "core/model_file/safetensors.h"
#include "core/model_file/seeded_weights.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temporary_folder.h"

namespace sgpsam {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ModelFileTest : public TemporaryFolder {
 protected:
  absl::StatusOr<TensorFile> Reread(const TensorFile& file) {
    EXPECT_TRUE(WriteSafetensorsFile(file, Path("model.safetensors")).ok());
    return ReadModelFile(Path("model.safetensors"));
  }
  // The message after the file's name.
  std::string Refusal(const TensorFile& file) {
    const std::string message(Reread(file).status().message());
    EXPECT_THAT(message, StartsWith(Path("model.safetensors") + ": "));
    return message.substr(Path("model.safetensors").size() + 2);
  }
};

TEST_F(ModelFileTest, ReadsAModelWhoseTensorsAreItsConfigurations) {
  const auto file = Reread(SeededModel(ModelConfig::Tiny(), 1));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->metadata.at(kModelConfigKey), ToJson(ModelConfig::Tiny()));
}

TEST_F(ModelFileTest, NamesFileAndReasonWhenMetadataContradictsTheTensors) {
  TensorFile deeper = SeededModel(ModelConfig::Tiny(), 1), wider = deeper, other = deeper;
  ModelConfig config = ModelConfig::Tiny();
  config.depth = 5;
  deeper.metadata[kModelConfigKey] = ToJson(config);
  EXPECT_THAT(Refusal(deeper), HasSubstr("missing: image_encoder.blocks.4.norm1.weight [16]"));
  config = ModelConfig::Tiny();
  config.sgpm.rank = 16;
  wider.metadata[kModelConfigKey] = ToJson(config);
  EXPECT_THAT(Refusal(wider), HasSubstr("of another shape: sgpm.1.gate.lin2.weight [8,4] instead of [16,4]"));
  config = ModelConfig::Tiny();
  config.sgpm.blocks = {1};
  other.metadata[kModelConfigKey] = ToJson(config);
  EXPECT_THAT(Refusal(other), HasSubstr("unexpected: sgpm.3.conv1.bias [8]"));
}

TEST_F(ModelFileTest, SaysOfACheckpointHowToMakeAModelFile) {
  const std::string rest(60, '\0'), zip = "PK\x03\x04" + rest, pickle = "\x80\x02\x8a\x0al" + rest;
  for (const std::string& bytes : {zip, pickle}) {
    ASSERT_TRUE(WriteFileAtomically(Path("turbo.pth"), bytes).ok());
    const absl::Status status = ReadModelFile(Path("turbo.pth")).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), StartsWith(Path("turbo.pth") + ": a checkpoint of PyTorch"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("`sgpsam-model import`"));
  }
  EXPECT_EQ(ReadModelFile(Path("none.pth")).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ModelFileTest, NamesFileAndReasonWhenTheMetadataIsNoConfiguration) {
  TensorFile file = SeededModel(ModelConfig::Tiny(), 1);
  file.metadata[kModelConfigKey] = "{\"depth\":4}";
  EXPECT_THAT(Refusal(file), HasSubstr("field \"name\": is missing"));
  file.metadata.clear();
  EXPECT_THAT(Refusal(file), HasSubstr("has no sgpsam_config metadata"));
}

}  // namespace
}  // namespace sgpsam
