#include "core/raw/nifti_write.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "core/raw/nifti.h"
#include "tests/support/synthetic_volume.h"
#include "tests/support/test_files.h"

namespace sgpsam {
namespace {

void ExpectSameGeometry(const Geometry& a, const Geometry& b) {
  EXPECT_EQ(a.shape(), b.shape());
  for (const VoxelIndex& v :
       {VoxelIndex{0, 0, 0}, VoxelIndex{9, 0, 0}, VoxelIndex{0, 9, 0}, VoxelIndex{0, 0, 9}}) {
    const WorldPoint p = a.ToWorld(v), q = b.ToWorld(v);
    EXPECT_NEAR(p.x, q.x, 1e-4);
    EXPECT_NEAR(p.y, q.y, 1e-4);
    EXPECT_NEAR(p.z, q.z, 1e-4);
  }
}

// Turned by these angles about z and x, either hand.
Geometry Turned(double about_z, double about_x, double hand) {
  const double c = std::cos(about_z), s = std::sin(about_z), d = std::cos(about_x), t = std::sin(about_x);
  return SteppedGeometry({7, 6, 5},
                         {{{1.5 * c, 1.5 * s, 0},
                           {-0.7 * s * d, 0.7 * c * d, 0.7 * t},
                           {hand * 3 * s * t, -hand * 3 * c * t, hand * 3 * d}}},
                         {-120.5, 33.25, 710});
}

std::string WithoutSform(std::string file) {
  std::memset(file.data() + 254, 0, 2);
  return file;
}

TEST(WriteNifti, ReadsBackByEitherForm) {
  for (const double hand : {1.0, -1.0}) {
    for (int turn = 0; turn < 32; ++turn) {
      const Geometry geometry = Turned(turn * M_PI / 8, turn * M_PI / 4, hand);
      const Volume volume =
          TestVolume<int16_t>(geometry, [](int64_t i, int64_t j, int64_t k) { return i - 10 * j + 100 * k; });
      const std::string file = WriteNifti(volume).value();
      absl::StatusOr<Volume> by_sform = ReadNifti(BufferOf(file));
      absl::StatusOr<Volume> by_qform = ReadNifti(BufferOf(WithoutSform(file)));
      ASSERT_TRUE(by_sform.ok() && by_qform.ok()) << by_sform.status() << by_qform.status();
      ExpectSameGeometry(by_sform->geometry(), geometry);
      ExpectSameGeometry(by_qform->geometry(), geometry);
      EXPECT_EQ(by_sform->sample_type(), SampleType::kInt16);
      EXPECT_EQ(by_sform->samples().view(), volume.samples().view());
    }
  }
}

TEST(WriteNiftiGz, ReadsBackAsThePlainFileDoes) {
  const Volume volume = TestVolume<int16_t>(
      Turned(0.3, 0.2, 1), [](int64_t i, int64_t j, int64_t k) { return i - 10 * j + 100 * k; });
  const std::string file = WriteNiftiGz(volume).value();
  absl::StatusOr<Volume> read = ReadNifti(BufferOf(file)), plain = ReadNifti(BufferOf(*WriteNifti(volume)));
  ASSERT_TRUE(read.ok() && plain.ok()) << read.status() << plain.status();
  EXPECT_EQ(read->sample_type(), SampleType::kInt16);
  EXPECT_EQ(read->samples().view(), volume.samples().view());
  ExpectSameGeometry(read->geometry(), plain->geometry());
  EXPECT_EQ(file, *WriteNiftiGz(volume));
}

TEST(WriteNifti, LeavesTheQformOutOfATiltedVolume) {
  const Geometry tilted = SteppedGeometry({7, 6, 5}, {{{0.8, 0, 0}, {0, 0.8, 0}, {0, -0.5, 2}}}, {5, 6, 7});
  const std::string file =
      WriteNifti(TestVolume<float>(tilted, [](int64_t i, int64_t, int64_t) { return 0.5 * i; })).value();
  int16_t qform_code = -1;
  std::memcpy(&qform_code, file.data() + 252, 2);
  EXPECT_EQ(qform_code, 0);
  ExpectSameGeometry(ReadNifti(BufferOf(file))->geometry(), tilted);
}

TEST(WriteNiftiLabels, GivesAVoxelTheLastMaskThatCoversIt) {
  const Geometry geometry = Turned(0.3, 0.2, 1);
  Mask one(geometry.shape()), two(geometry.shape());
  one.Set(0, 0, 0);
  one.Set(6, 5, 4);
  one.Set(3, 3, 2);
  two.Set(3, 3, 2);
  two.Set(2, 3, 2);
  const std::vector<const Mask*> masks{&one, &two};
  absl::StatusOr<Volume> labels = ReadNifti(BufferOf(WriteNiftiLabels(geometry, masks).value()));
  ASSERT_TRUE(labels.ok()) << labels.status();
  EXPECT_EQ(labels->sample_type(), SampleType::kUint8);
  ExpectSameGeometry(labels->geometry(), geometry);
  double sum = 0;
  for (int64_t n = 0; n < 7 * 6 * 5; ++n) sum += labels->at(n % 7, n / 7 % 6, n / 42);
  EXPECT_EQ(sum, 6);
  EXPECT_EQ(labels->at(0, 0, 0), 1);
  EXPECT_EQ(labels->at(6, 5, 4), 1);
  EXPECT_EQ(labels->at(3, 3, 2), 2);
  EXPECT_EQ(labels->at(2, 3, 2), 2);
}

// Odd sizes, so that slices do not begin at a byte; more voxels between the masks than one run of zeros.
TEST(WriteNiftiLabels, KeepsMasksThatManyEmptySlicesPart) {
  const Geometry geometry = SteppedGeometry({131, 77, 61}, {{{1, 0, 0}, {0, 1, 0}, {0, 0, 2}}}, {0, 0, 0});
  Mask ball(geometry.shape()), corners(geometry.shape());
  const Mask empty(geometry.shape());
  for (int64_t k = 29; k < 36; ++k) {
    for (int64_t j = 20; j < 50; ++j) {
      for (int64_t i = 100 - j; i < 100; ++i) ball.Set(i, j, k);
    }
  }
  for (const int64_t k : {0, 33, 60}) {
    corners.Set(0, 0, k);
    corners.Set(90, 40, k);
    corners.Set(130, 76, k);
  }
  const Mask* const masks[] = {&ball, &empty, &corners};
  absl::StatusOr<Volume> labels = ReadNifti(BufferOf(WriteNiftiLabels(geometry, masks).value()));
  ASSERT_TRUE(labels.ok()) << labels.status();
  for (int64_t k = 0; k < 61; ++k) {
    for (int64_t j = 0; j < 77; ++j) {
      for (int64_t i = 0; i < 131; ++i) {
        const double expected = corners.at(i, j, k) ? 3 : ball.at(i, j, k) ? 1 : 0;
        ASSERT_EQ(labels->at(i, j, k), expected) << i << "," << j << "," << k;
      }
    }
  }
}

TEST(WriteNiftiLabels, IsTheSameForTheSameMasks) {
  const Geometry geometry = Turned(0, 0, 1);
  const Mask mask(geometry.shape());
  const Mask* masks[] = {&mask};
  EXPECT_EQ(WriteNiftiLabels(geometry, masks).value(), WriteNiftiLabels(geometry, masks).value());
}

TEST(WriteNiftiLabels, RefusesMoreMasksThanAByteTellsApart) {
  const Geometry geometry = Turned(0, 0, 1);
  const Mask mask(geometry.shape());
  std::vector<const Mask*> masks(255, &mask);
  EXPECT_TRUE(WriteNiftiLabels(geometry, masks).ok());
  masks.push_back(&mask);
  EXPECT_EQ(WriteNiftiLabels(geometry, masks).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(WriteNiftiLabels, RefusesAMaskOfAnotherShape) {
  const Mask mask(Shape{7, 6, 4});
  const Mask* masks[] = {&mask};
  EXPECT_EQ(WriteNiftiLabels(Turned(0, 0, 1), masks).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam
