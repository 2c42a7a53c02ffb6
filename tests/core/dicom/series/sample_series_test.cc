// Real files from ../shared/samples, read and compared with truth that other programs made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/dicom/seg/seg_writer.h"
#include "core/dicom/series/series_reader.h"
#include "core/raw/nifti.h"
#include "tests/support/test_files.h"

namespace sgpsam {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class SampleSeries : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(root_)) GTEST_SKIP() << "no samples in " << root_;
  }

  absl::StatusOr<DicomSeries> Read(const std::string& name) const {
    std::vector<fs::path> paths;
    if (fs::is_directory(root_ / name)) {
      for (const auto& entry : fs::directory_iterator(root_ / name)) paths.push_back(entry.path());
    } else {
      paths.push_back(root_ / name);
    }
    std::sort(paths.begin(), paths.end());
    std::vector<ByteBuffer> files;
    for (const fs::path& path : paths) files.push_back(ReadTestBuffer(path));
    return ReadSeries(std::move(files), {}, {});
  }

  std::string Refusal(const std::string& name) const { return std::string(Read(name).status().message()); }

  const fs::path root_ = fs::path(SGPSAM_SHARED_DIR) / "samples";
};

// Compares by place in the patient: the two may run through the slices in opposite directions.
void ExpectSameImage(const Volume& a, const Volume& b) {
  const Shape& shape = a.geometry().shape();
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) {
        const VoxelIndex at = b.geometry().ToVoxel(
            a.geometry().ToWorld({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)}));
        const int64_t x = std::lround(at.i), y = std::lround(at.j), z = std::lround(at.k);
        ASSERT_NEAR(at.i, static_cast<double>(x), 1e-3);
        ASSERT_NEAR(at.j, static_cast<double>(y), 1e-3);
        ASSERT_NEAR(at.k, static_cast<double>(z), 1e-3);
        ASSERT_TRUE(b.geometry().Contains(at));
        const double expected = b.at(x, y, z);
        ASSERT_NEAR(a.at(i, j, k), expected, 1e-5 * std::max(1.0, std::abs(expected)))
            << i << " " << j << " " << k;
      }
    }
  }
}

TEST_F(SampleSeries, EqualsTheGroundTruth) {
  for (const char* name : {"explicit", "non_square_28x64"}) {
    const absl::StatusOr<DicomSeries> read = Read(std::string("anatomical/") + name);
    ASSERT_TRUE(read.ok()) << read.status();
    const absl::StatusOr<Volume> truth =
        ReadNifti(ReadTestBuffer(root_ / "anatomical" / (std::string(name) + "_ground_truth.nii.gz")));
    ASSERT_TRUE(truth.ok()) << truth.status();
    ExpectSameImage(read->volume, *truth);
  }
}

TEST_F(SampleSeries, IsTheSameInJpegLosslessAndJpeg2000) {
  const absl::StatusOr<DicomSeries> jpeg = Read("anatomical/compressed_jpeg_lossless");
  const absl::StatusOr<DicomSeries> jpeg2000 = Read("anatomical/compressed_j2k");
  ASSERT_TRUE(jpeg.ok()) << jpeg.status();
  ASSERT_TRUE(jpeg2000.ok()) << jpeg2000.status();
  ExpectSameImage(jpeg->volume, jpeg2000->volume);
}

TEST_F(SampleSeries, IsRefusedForTheRightReason) {
  EXPECT_THAT(Refusal("odd/equal_positions"), HasSubstr("files 1 and 2 lie at the same position"));
  EXPECT_THAT(Refusal("odd/slice_gap"), HasSubstr("1 slice(s) are missing"));
  EXPECT_THAT(Refusal("odd/two_orientations"), HasSubstr("different orientations"));
  EXPECT_THAT(Refusal("odd/rgb"), HasSubstr("not a CT, MR or PET image"));
  EXPECT_THAT(Refusal("enhanced/eCT_Supplemental.dcm"), HasSubstr("multi-frame"));
}

TEST_F(SampleSeries, ReadsTiltAndMalformedFiles) {
  const absl::StatusOr<DicomSeries> tilted = Read("odd/gantry_tilt");
  ASSERT_TRUE(tilted.ok()) << tilted.status();
  EXPECT_THAT(tilted->warnings, ::testing::Contains(HasSubstr("gantry tilt")));
  EXPECT_TRUE(Read("odd/two_slices").ok());
  EXPECT_TRUE(Read("odd/bad_sequence.dcm").ok());
}

TEST_F(SampleSeries, ReadsOverAnonymisedCtAndSaysWhySegIsImpossible) {
  const absl::StatusOr<DicomSeries> read = Read("ct_body_j2k");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->volume.geometry().shape(), (Shape{512, 512, 20}));
  EXPECT_NEAR(read->volume.geometry().spacing_mm()[2], 2, 1e-6);
  const Mask mask(read->volume.geometry().shape());
  Segment segment;
  segment.mask = &mask;
  const absl::Status status =
      WriteSeg(read->info, read->volume.geometry(), {&segment, 1}, MakeSegIdentity("k", 1)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("StudyInstanceUID (0020,000D) is empty"));
}

TEST_F(SampleSeries, AllowsSegWhereTheSourceIsWhole) {
  for (const char* name : {"seg/dcmqi/ct-3slice", "seg/dcmqi/23x38x3/image", "seg/highdicom/ct_image.dcm"}) {
    const absl::StatusOr<DicomSeries> read = Read(name);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_TRUE(read->info.seg_obstacles.empty()) << name;
  }
}

}  // namespace
}  // namespace sgpsam
