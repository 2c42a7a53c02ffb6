// A data set in a temporary folder, written file by file with our own NIfTI writer, and wrong where a test
// asks.
#ifndef SGPSAM_TESTS_TOOLS_LEARN_CASES_FOLDER_FIXTURE_H_
#define SGPSAM_TESTS_TOOLS_LEARN_CASES_FOLDER_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "absl/strings/match.h"
#include "core/raw/gzip.h"
#include "core/raw/nifti_write.h"
#include "tests/support/synthetic_volume.h"
#include "tests/support/temporary_folder.h"
#include "tools/learn/cases/dataset_folder.h"

namespace sgpsam {

class FolderFixture : public TemporaryFolder {
 protected:
  static constexpr char kMsd[] = R"({
    "name": "Test", "modality": {"0": "CT"}, "labels": {"0": "background", "1": "liver", "2": "cancer"},
    "numTraining": 2, "training": [
      {"image": "./imagesTr/a.nii.gz", "label": "./labelsTr/a.nii.gz"},
      {"image": "./imagesTr/b.nii.gz", "label": "./labelsTr/b.nii.gz"}], "test": ["./imagesTs/c.nii.gz"]})";
  static constexpr char kNnunet[] = R"({
    "channel_names": {"0": "T1", "1": "FLAIR"}, "labels": {"background": 0, "tumour": 1},
    "numTraining": 2, "file_ending": ".nii.gz"})";

  void SetUp() override {
    TemporaryFolder::SetUp();
    std::filesystem::create_directories(folder_ / "imagesTr");
    std::filesystem::create_directories(folder_ / "labelsTr");
  }

  static Geometry Grid() { return TestGeometry({6, 5, 4}, {1.5, 1.5, 3}, {10, 20, 30}); }

  static double Ramp(int64_t i, int64_t j, int64_t k) { return static_cast<double>(i + 6 * j + 30 * k); }

  void WriteVolume(const std::string& name, const Volume& volume) const {
    absl::StatusOr<std::string> file = WriteNifti(volume);
    ASSERT_TRUE(file.ok()) << file.status();
    if (absl::EndsWith(name, ".gz")) {
      GzipSink sink;
      ASSERT_TRUE(sink.Write(*file).ok());
      file = sink.Finish();
      ASSERT_TRUE(file.ok()) << file.status();
    }
    Write(name, *file);
  }

  void WriteImage(const std::string& name) const { WriteVolume(name, TestVolume<int16_t>(Grid(), Ramp)); }

  // Voxels of label 1 at 0 0 0 and 1 1 1 (one component) and at 5 4 3; of label 2 at 3 3 0.
  static double Label(int64_t i, int64_t j, int64_t k) {
    if (i == 3 && j == 3 && k == 0) return 2;
    return (i == j && j == k && i < 2) || (i == 5 && j == 4 && k == 3) ? 1 : 0;
  }

  void WriteLabel(const std::string& name) const { WriteVolume(name, TestVolume<uint8_t>(Grid(), Label)); }

  // Two sound cases, a and b.
  void WriteMsd() const {
    Write("dataset.json", kMsd);
    for (const std::string id : {"a", "b"}) {
      WriteImage("imagesTr/" + id + ".nii.gz");
      WriteLabel("labelsTr/" + id + ".nii.gz");
    }
  }

  DatasetFolder Open(const DatasetOptions& options) const {
    return DatasetFolder::Open(folder_.string(), options).value();
  }
};

inline void ExpectStatus(const absl::Status& status, absl::StatusCode code, const std::string& text) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr(text));
}

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_TOOLS_LEARN_CASES_FOLDER_FIXTURE_H_
