#include "tools/learn/cases/dataset_folder.h"

#include <cmath>
#include <thread>
#include <vector>

#include "absl/strings/str_replace.h"
#include "core/base/digest.h"
#include "tests/support/nifti_builder.h"
#include "tests/tools/learn/cases/folder_fixture.h"

namespace sgpsam {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;
using Each = TargetChoice::Each;

class DatasetFolderTest : public FolderFixture {
 protected:
  DatasetOptions liver_{.label = "liver"};

  absl::Status OpenStatus(const DatasetOptions& options) const {
    return DatasetFolder::Open(folder_.string(), options).status();
  }

  // Case a is refused with these words about this file, and case b is read anyway.
  void ExpectOnlyFirstRefused(StatusCode code, const std::string& file, const std::string& why) const {
    const DatasetFolder folder = Open(liver_);
    const absl::Status status = folder.Read(0).status();
    ExpectStatus(status, code, why);
    EXPECT_EQ(status.message().find(Path(file)), 0u) << status;
    EXPECT_TRUE(folder.Read(1).ok()) << folder.Read(1).status();
  }

  template <typename T>
  void WriteFirstImage(const std::function<double(int64_t, int64_t, int64_t)>& value) const {
    WriteVolume("imagesTr/a.nii.gz", TestVolume<T>(Grid(), value));
  }
  void WriteFirstLabel(const Geometry& grid) const {
    WriteVolume("labelsTr/a.nii.gz", TestVolume<uint8_t>(grid, Label));
  }
};

TEST_F(DatasetFolderTest, ReadsTheDecathlonsLayout) {
  WriteMsd();
  const DatasetFolder folder = Open(liver_);
  ASSERT_EQ(folder.size(), 2);
  EXPECT_EQ(folder.id(1), "b");
  const absl::StatusOr<Case> read = folder.Read(1);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->id, "b");
  EXPECT_EQ(read->image.at(5, 4, 3), 119);
  EXPECT_EQ(read->target_count, 2);
  EXPECT_EQ(read->targets.sample_type(), SampleType::kUint16);
  EXPECT_EQ(read->targets.geometry().shape(), read->image.geometry().shape());
  EXPECT_EQ(read->targets.geometry().origin().z, 30);
  EXPECT_EQ(read->targets.at(0, 0, 0), 1);
  EXPECT_EQ(read->targets.at(1, 1, 1), 1) << "joined by a corner";
  EXPECT_EQ(read->targets.at(5, 4, 3), 2);
  EXPECT_EQ(read->targets.at(3, 3, 0), 0) << "another label";
}

TEST_F(DatasetFolderTest, ReadsTheChosenChannelOfNnunetsLayout) {
  Write("dataset.json", kNnunet);
  for (const std::string id : {"a", "b"}) {
    WriteVolume("imagesTr/" + id + "_0000.nii.gz", TestVolume<int16_t>(Grid(), Ramp));
    WriteVolume(
        "imagesTr/" + id + "_0001.nii.gz",
        TestVolume<float>(Grid(), [](int64_t i, int64_t j, int64_t k) { return 0.5 * Ramp(i, j, k); }));
    WriteVolume("labelsTr/" + id + ".nii.gz",
                TestVolume<uint8_t>(Grid(), [](int64_t i, int64_t, int64_t) { return i == 2 ? 1 : 0; }));
  }
  const absl::StatusOr<Case> read = Open({.label = "tumour", .channel = "FLAIR"}).Read(0);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->image.at(5, 4, 3), 59.5);
  EXPECT_EQ(read->target_count, 1);
  EXPECT_EQ(Open({.channel = "0"}).Read(1)->image.at(5, 4, 3), 119);
  ExpectStatus(OpenStatus({}), StatusCode::kInvalidArgument, "choose one of 0 \"T1\", 1 \"FLAIR\"");
}

TEST_F(DatasetFolderTest, ReadsTheChosenVolumeOfA4dImage) {
  Write("dataset.json", absl::StrReplaceAll(kMsd, {{R"({"0": "CT"})", R"({"0": "T1", "1": "T2"})"}}));
  WriteLabel("labelsTr/a.nii.gz");
  WriteLabel("labelsTr/b.nii.gz");
  NiftiBuilder image;  // what nibabel would write of the grid
  image.dim = {4, 6, 5, 4, 2, 1, 1, 1};
  image.sform_code = 1;
  image.srow = {-1.5, 0, 0, -10, 0, -1.5, 0, -20, 0, 0, 3, 30};
  std::vector<int16_t> samples;
  for (int16_t n = 0; n < 240; ++n) samples.push_back(n);
  Write("imagesTr/a.nii.gz", Gzipped(image.Samples(samples).Build()));
  WriteImage("imagesTr/b.nii.gz");

  const DatasetFolder folder = Open({.label = "liver", .channel = "T2"});
  const absl::StatusOr<Case> read = folder.Read(0);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->image.at(0, 0, 0), 120);
  ExpectStatus(
      folder.Read(1).status(), StatusCode::kInvalidArgument,
      "has 1 volumes along its fourth axis, not 2: \"modality\" in dataset.json must name every one");
}

TEST_F(DatasetFolderTest, SaysWhatToDoAboutA4dImageThatIsNotExpected) {
  WriteMsd();
  NiftiBuilder image;
  image.dim = {4, 6, 5, 4, 2, 1, 1, 1};
  Write("imagesTr/a.nii.gz", image.Samples(std::vector<int16_t>(240)).Build());
  ExpectOnlyFirstRefused(StatusCode::kInvalidArgument, "imagesTr/a.nii.gz",
                         "\"modality\" in dataset.json must name");
  Write("labelsTr/a.nii.gz", image.Build());
  WriteImage("imagesTr/a.nii.gz");
  ExpectOnlyFirstRefused(StatusCode::kInvalidArgument, "labelsTr/a.nii.gz", "one 3D volume");
}

TEST_F(DatasetFolderTest, SaysWhatToDoAboutA4dImageInNnunetsLayout) {
  Write("dataset.json", absl::StrReplaceAll(kNnunet, {{"\"numTraining\": 2", "\"numTraining\": 1"}}));
  NiftiBuilder image;
  image.dim = {4, 6, 5, 4, 2, 1, 1, 1};
  Write("imagesTr/a_0000.nii.gz", image.Samples(std::vector<int16_t>(240)).Build());
  ExpectStatus(Open({.channel = "0"}).Read(0).status(), StatusCode::kInvalidArgument, "a 3D file of its own");
}

TEST_F(DatasetFolderTest, DropsSmallComponentsAndKeepsALabelWholeOnRequest) {
  WriteMsd();
  EXPECT_EQ(Open({.label = "1", .targets = {.min_voxels = 2}}).Read(0)->target_count, 1);
  const absl::StatusOr<Case> whole = Open({.label = "1", .targets = {.each = Each::kLabel}}).Read(0);
  EXPECT_EQ(whole->target_count, 1);
  EXPECT_EQ(whole->targets.at(5, 4, 3), 1);
}

TEST_F(DatasetFolderTest, TurnsALabelStoredInAnotherOrientationOntoTheImage) {
  WriteMsd();
  // The image's voxel i j k is the label's k, 5 - i, 4 - j.
  const Geometry turned =
      SteppedGeometry({4, 6, 5}, {{{0, 0, 3}, {-1.5, 0, 0}, {0, -1.5, 0}}}, {10 + 5 * 1.5, 20 + 4 * 1.5, 30});
  WriteVolume("labelsTr/a.nii.gz", TestVolume<uint8_t>(turned, [](int64_t a, int64_t b, int64_t c) {
                return Label(5 - b, 4 - c, a);
              }));
  const DatasetFolder folder = Open({.label = "1", .targets = {.each = Each::kLabel}});
  const absl::StatusOr<Case> read = folder.Read(0);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->targets.samples().view(), folder.Read(1)->targets.samples().view());
}

TEST_F(DatasetFolderTest, RefusesAFolderWithoutAUsableDescription) {
  ExpectStatus(OpenStatus(liver_), StatusCode::kNotFound, Path("dataset.json") + ": there is no such file");
  ExpectStatus(DatasetFolder::Open(Path("nowhere"), liver_).status(), StatusCode::kNotFound,
               "nowhere/dataset.json");
  Write("dataset.json", "{\"labels\"");
  ExpectStatus(OpenStatus(liver_), StatusCode::kInvalidArgument, Path("dataset.json") + ": not JSON at byte");
  Write("dataset.json", "{}");
  ExpectStatus(OpenStatus(liver_), StatusCode::kInvalidArgument, Path("dataset.json") + ": has neither");
  fs::remove(folder_ / "dataset.json");
  fs::create_directory(folder_ / "dataset.json");
  ExpectStatus(OpenStatus(liver_), StatusCode::kInvalidArgument, "no regular file");
}

TEST_F(DatasetFolderTest, RefusesALabelThatIsNotDescribed) {
  WriteMsd();
  ExpectStatus(OpenStatus({.label = "3"}), StatusCode::kInvalidArgument,
               Path("dataset.json") + R"(: has no label 3: choose one of 1 "liver", 2 "cancer")");
  ExpectStatus(OpenStatus({.label = "kidney"}), StatusCode::kInvalidArgument, "no label \"kidney\"");
}

TEST_F(DatasetFolderTest, RefusesOptionsOutOfRange) {
  WriteMsd();
  ExpectStatus(OpenStatus({.label = "1", .targets = {.min_voxels = 0}}), StatusCode::kInvalidArgument,
               "1 or more");
  ExpectStatus(OpenStatus({.label = "1", .grid_tolerance = -1}), StatusCode::kInvalidArgument, "0 or more");
  ExpectStatus(OpenStatus({.label = "1", .grid_tolerance = std::nan("")}), StatusCode::kInvalidArgument,
               "0 or more");
}

TEST_F(DatasetFolderTest, RefusesANumberThatIsNoCase) {
  WriteMsd();
  ExpectStatus(Open(liver_).Read(2).status(), StatusCode::kOutOfRange, "has 2 cases");
  ExpectStatus(Open(liver_).Read(-1).status(), StatusCode::kOutOfRange, "has 2 cases");
}

TEST_F(DatasetFolderTest, SaysWhichFileIsMissing) {
  WriteMsd();
  fs::remove(folder_ / "labelsTr/a.nii.gz");
  ExpectOnlyFirstRefused(StatusCode::kNotFound, "labelsTr/a.nii.gz", "no such file");
  fs::remove(folder_ / "imagesTr/a.nii.gz");
  ExpectOnlyFirstRefused(StatusCode::kNotFound, "imagesTr/a.nii.gz", "no such file");
}

TEST_F(DatasetFolderTest, RefusesFilesBehindLinksAndPathsThatLeaveTheFolder) {
  WriteMsd();
  fs::rename(folder_ / "imagesTr/a.nii.gz", folder_.string() + "-a.nii.gz");
  fs::create_symlink(folder_.string() + "-a.nii.gz", folder_ / "imagesTr/a.nii.gz");
  ExpectOnlyFirstRefused(StatusCode::kInvalidArgument, "imagesTr/a.nii.gz", "a symbolic link leads out");
  for (const std::string& path :
       {"../" + folder_.filename().string() + "-a.nii.gz", folder_.string() + "-a.nii.gz"}) {
    Write("dataset.json", absl::StrReplaceAll(kMsd, {{"./imagesTr/a.nii.gz", path}}));
    const DatasetFolder folder = Open(liver_);
    const int64_t index = folder.id(0) == "b" ? 1 : 0;
    ExpectStatus(folder.Read(index).status(), StatusCode::kInvalidArgument, path + ": the path leads out");
    EXPECT_TRUE(folder.Read(1 - index).ok());
  }
  fs::remove(folder_.string() + "-a.nii.gz");
}

TEST_F(DatasetFolderTest, RefusesFilesThatAreNoVolumes) {
  WriteMsd();
  Write("imagesTr/a.nii.gz", "no NIfTI");
  ExpectOnlyFirstRefused(StatusCode::kInvalidArgument, "imagesTr/a.nii.gz", "not a NIfTI file");
  const std::string whole = Read(Path("labelsTr/b.nii.gz"));
  WriteImage("imagesTr/a.nii.gz");
  Write("labelsTr/a.nii.gz", whole.substr(0, whole.size() / 2));
  ExpectOnlyFirstRefused(StatusCode::kInvalidArgument, "labelsTr/a.nii.gz", "gzip");
}

TEST_F(DatasetFolderTest, RefusesALabelOnAnotherGrid) {
  WriteMsd();
  WriteFirstLabel(TestGeometry({6, 5, 5}, {1.5, 1.5, 3}, {10, 20, 30}));
  ExpectOnlyFirstRefused(StatusCode::kInvalidArgument, "labelsTr/a.nii.gz", "the shape");
  WriteFirstLabel(TestGeometry({6, 5, 4}, {1.5, 1.5, 2.5}, {10, 20, 30}));
  ExpectOnlyFirstRefused(StatusCode::kInvalidArgument, "labelsTr/a.nii.gz", "the spacing along its axis k");
  WriteFirstLabel(TestGeometry({6, 5, 4}, {1.5, 1.5, 3}, {10, 20, 33}));
  ExpectOnlyFirstRefused(StatusCode::kInvalidArgument, "labelsTr/a.nii.gz", "the origin is 3 mm");
  WriteFirstLabel(SteppedGeometry({6, 5, 4}, {{{1.5, 0, 0}, {0, 1.5, 0}, {0, 0.5, 2.96}}}, {10, 20, 30}));
  ExpectOnlyFirstRefused(StatusCode::kInvalidArgument, "labelsTr/a.nii.gz", "the direction of its axis k");
}

TEST_F(DatasetFolderTest, ForgivesADifferenceBelowTheTolerance) {
  WriteMsd();
  WriteFirstLabel(TestGeometry({6, 5, 4}, {1.5, 1.5, 3}, {10, 20, 30.1}));
  EXPECT_TRUE(Open(liver_).Read(0).ok());
  EXPECT_FALSE(Open({.label = "liver", .grid_tolerance = 0.01}).Read(0).ok());
}

TEST_F(DatasetFolderTest, RefusesLabelFilesWithoutLabels) {
  WriteMsd();
  for (const auto& [value, why] :
       std::vector<std::pair<double, std::string>>{{0.5, "whole numbers"},
                                                   {-1, "0 or more"},
                                                   {std::nan(""), "finite numbers"},
                                                   {7, "dataset.json lists"}}) {
    WriteVolume("labelsTr/a.nii.gz", TestVolume<float>(Grid(), [value = value](int64_t i, int64_t, int64_t) {
                  return i == 4 ? value : 1;
                }));
    ExpectOnlyFirstRefused(StatusCode::kInvalidArgument, "labelsTr/a.nii.gz", why);
  }
}

TEST_F(DatasetFolderTest, TellsACaseWithoutTargetsFromABrokenOne) {
  WriteMsd();
  WriteVolume("labelsTr/a.nii.gz",
              TestVolume<uint8_t>(Grid(), [](int64_t i, int64_t, int64_t) { return i == 0 ? 2 : 0; }));
  ExpectOnlyFirstRefused(StatusCode::kFailedPrecondition, "labelsTr/a.nii.gz",
                         "label \"liver\" occurs nowhere");
  EXPECT_TRUE(HasNoTarget(Open(liver_).Read(0).status()));
  const absl::Status small = Open({.label = "cancer", .targets = {.min_voxels = 21}}).Read(0).status();
  EXPECT_TRUE(HasNoTarget(small));
  ExpectStatus(small, StatusCode::kFailedPrecondition,
               "no component of label \"cancer\" has 21 or more voxels");
  EXPECT_TRUE(Open({.label = "cancer", .targets = {.min_voxels = 20}}).Read(0).ok());
}

TEST_F(DatasetFolderTest, RefusesImagesThatShowNothing) {
  WriteMsd();
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    WriteFirstImage<float>(
        [bad](int64_t i, int64_t j, int64_t k) { return i == 2 && j == 1 && k == 3 ? bad : i; });
    ExpectOnlyFirstRefused(StatusCode::kInvalidArgument, "imagesTr/a.nii.gz",
                           "voxel 2 1 3 is not a finite number");
  }
  WriteFirstImage<int16_t>([](auto...) { return -1024; });
  ExpectOnlyFirstRefused(StatusCode::kInvalidArgument, "imagesTr/a.nii.gz", "same value");
}

TEST_F(DatasetFolderTest, ReadsFromManyThreadsAtOnce) {
  WriteMsd();
  const DatasetFolder folder = Open(liver_);
  std::vector<Digest> digests(8);
  std::vector<std::thread> threads;
  for (size_t n = 0; n < digests.size(); ++n) {
    threads.emplace_back([&, n] {
      const absl::StatusOr<Case> read = folder.Read(static_cast<int64_t>(n % 2));
      if (read.ok()) digests[n] = Sha256::Of(read->targets.samples().view());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_NE(digests[0], Digest());
  for (const Digest& digest : digests) EXPECT_EQ(digest, digests[0]);
}

TEST_F(DatasetFolderTest, SaysTheModalityOfItsChannel) {
  WriteMsd();
  EXPECT_EQ(DatasetFolder::Open(folder_.string(), {.label = "2"})->Read(0)->modality, "CT");
  EXPECT_EQ(DatasetFolder::Open(folder_.string(), {.label = "2", .modality = "PT"})->Read(0)->modality, "PT");
}

}  // namespace
}  // namespace sgpsam
