#include "tools/synthesis/dataset.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/raw/nifti.h"
#include "nlohmann/json.hpp"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_files.h"

namespace sgpsam::synthesis {
namespace {

class Dataset : public TemporaryFolder {
 protected:
  static DatasetOptions Two(Split split) {
    DatasetOptions options;
    options.split = split;
    options.run_seed = 4;
    options.cases = 2;
    options.options.shape = {72, 72, 24};
    options.options.spacing_mm = {{2, 2, 4}};
    return options;
  }
  Volume ReadVolume(const std::string& name) const { return *ReadNifti(ReadTestBuffer(Path(name))); }
};

TEST_F(Dataset, HoldsEveryCaseAsItIsSynthesized) {
  const DatasetOptions options = Two(Split::kTest);
  const std::vector<WrittenCase> cases = WriteDataset(options, Path("out")).value();
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_EQ(cases[1].id, "synthetic_test_4_00001");
  EXPECT_EQ(cases[1].seed, CaseSeed(Split::kTest, 4, 1));
  CaseOptions one = options.options;
  one.seed = cases[1].seed;
  const SyntheticCase made = SynthesizeCase(one).value();
  EXPECT_EQ(ReadVolume("out/imagesTr/synthetic_test_4_00001_0000.nii.gz").samples().view(),
            made.image.samples().view());
  const Volume labels = ReadVolume("out/labelsTr/synthetic_test_4_00001.nii.gz");
  for (int64_t n = 0; n < one.shape.voxels(); ++n) {
    ASSERT_EQ(labels.samples().data()[n], made.lesions.samples().data()[n] != 0 ? 1 : 0);
  }
}

TEST_F(Dataset, DescribesItselfAsSynthetic) {
  ASSERT_TRUE(WriteDataset(Two(Split::kTest), Path("out")).ok());
  const auto description = nlohmann::json::parse(Read(Path("out/dataset.json")));
  EXPECT_NE(description["description"].get<std::string>().find("Synthetic"), std::string::npos);
  EXPECT_EQ(description["labels"], (nlohmann::json{{"background", 0}, {"lesion", 1}}));
  EXPECT_EQ(description["channel_names"]["0"], "CT");
  EXPECT_EQ(description["numTraining"], 2);
  EXPECT_EQ(description["file_ending"], ".nii.gz");
  const auto& one = description["synthetic"]["cases"][0];
  EXPECT_EQ(one["id"], "synthetic_test_4_00000");
  EXPECT_EQ(one["seed"], CaseSeed(Split::kTest, 4, 0));
  EXPECT_EQ(one["lesions"][0]["label"], 1);
  EXPECT_GT(one["lesions"][0]["diameter_mm"], 3);
}

TEST_F(Dataset, PretrainingLabelsStructuresAndShapes) {
  const std::vector<WrittenCase> cases = WriteDataset(Two(Split::kPretrain), Path("out")).value();
  EXPECT_TRUE(cases[0].lesions.empty());
  const Volume labels = ReadVolume("out/labelsTr/synthetic_pretrain_4_00000.nii.gz");
  std::set<int> seen;
  for (const char label : labels.samples().view()) seen.insert(static_cast<uint8_t>(label));
  EXPECT_TRUE(seen.count(kShapeLabel));
  EXPECT_TRUE(seen.count(static_cast<int>(Structure::kFat)));
  EXPECT_LE(*seen.rbegin(), kShapeLabel);
  const auto description = nlohmann::json::parse(Read(Path("out/dataset.json")));
  EXPECT_EQ(description["labels"]["liver"], static_cast<int>(Structure::kLiver));
  EXPECT_EQ(description["labels"]["shape"], kShapeLabel);
  EXPECT_EQ(description["labels"].size(), static_cast<size_t>(kShapeLabel) + 1);
}

TEST_F(Dataset, LeavesNothingBehindWhenItFails) {
  DatasetOptions options = Two(Split::kTrain);
  options.options.shape = {8, 8, 8};
  options.options.lesions.diameter_mm = 90;
  EXPECT_EQ(WriteDataset(options, Path("out")).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FilesInFolder(), 0u);
  options = Two(Split::kTrain);
  options.cases = 0;
  EXPECT_EQ(WriteDataset(options, Path("out")).status().code(), absl::StatusCode::kInvalidArgument);
  options.cases = 1;
  options.run_seed = kMaxRunSeed + 1;
  EXPECT_EQ(WriteDataset(options, Path("out")).status().code(), absl::StatusCode::kInvalidArgument);
  Write("taken", "");
  EXPECT_EQ(WriteDataset(Two(Split::kTrain), Path("taken")).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(FilesInFolder(), 1u);
}

}  // namespace
}  // namespace sgpsam::synthesis
