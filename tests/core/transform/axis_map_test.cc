#include "core/transform/axis_map.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/engine/engine.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

constexpr int64_t kPatch = 128;

TEST(NearestVoxel, RoundsHalvesUp) {
  EXPECT_EQ(NearestVoxel(0.5), 1);
  EXPECT_EQ(NearestVoxel(-0.5), 0);
  EXPECT_EQ(NearestVoxel(-1.5), -1);
  EXPECT_EQ(NearestVoxel(2.4999), 2);
}

TEST(NearestVoxel, TakesAHalfSpoiltByRoundingForTheHalf) { EXPECT_EQ(NearestVoxel(2.5 - 1e-9), 3); }

TEST(NearestVoxel, SurvivesNumbersBeyondEveryInteger) {
  EXPECT_GT(NearestVoxel(1e300), int64_t{1} << 40);
  EXPECT_LT(NearestVoxel(-1e300), -(int64_t{1} << 40));
  NearestVoxel(std::numeric_limits<double>::quiet_NaN());
}

// A slice of 0.5 mm, or two, under voxels of 1.5: the only voxel across them is theirs.
TEST(PatchAxes, ReadAVolumeThatIsThinnerThanTheirVoxels) {
  for (const int64_t slices : {1, 2}) {
    const Geometry geometry = TestGeometry({200, 200, slices}, {1, 1, 0.5});
    const double middle = 0.5 * static_cast<double>(slices - 1);
    const Placement placement = PlaceAround(geometry, {100, 100, middle}, kPatch, kUsualSpacingMm);
    const PatchAxis across = PatchAxes(placement, geometry.shape())[2];
    EXPECT_EQ(across.end, across.begin + 1);
    EXPECT_DOUBLE_EQ(across.source[across.begin], middle);
    EXPECT_NEAR(SourceToPatch(placement, {100, 100, middle})[2], static_cast<double>(across.begin), 1e-9);
    const SourceAxis back = SourceAxes(placement, {128, 128, 128}, geometry.shape())[2];
    EXPECT_EQ(back.begin, 0);
    EXPECT_EQ(back.end, slices);
    for (int64_t n = 0; n < slices; ++n) EXPECT_EQ(back.patch_voxel[n], across.begin);
  }
}

TEST(PatchAxes, ReadOnlyWhatLiesInTheVolume) {
  const Geometry geometry = TestGeometry({40, 200, 5});
  const Placement placement = PlaceAround(geometry, {20, 100, 2}, kPatch, kUsualSpacingMm);
  const std::array<PatchAxis, 3> axes = PatchAxes(placement, geometry.shape());
  EXPECT_EQ(axes[0].end - axes[0].begin, 40);
  EXPECT_EQ(axes[1].end - axes[1].begin, 128);
  EXPECT_EQ(axes[2].begin, 62);
  EXPECT_EQ(axes[2].end, 67);
  EXPECT_DOUBLE_EQ(axes[2].source[62], 0);
}

TEST(PatchAxes, RunAgainstAFlippedAxis) {
  // i grows to the left, so the canonical axis R runs against it.
  const Geometry geometry = TestGeometry({128, 128, 128});
  const Placement placement = PlaceAtBegin(geometry, {0, 0, 0}, kPatch, kUsualSpacingMm);
  const std::array<PatchAxis, 3> axes = PatchAxes(placement, geometry.shape());
  EXPECT_EQ(axes[0].patch_axis, 0);
  EXPECT_DOUBLE_EQ(axes[0].source[0], 127);
  EXPECT_DOUBLE_EQ(axes[2].source[0], 0);
}

TEST(PatchAxes, LeaveOutTheLastSampleThatLiesOutsideTheVolume) {
  // 7 voxels of 1 mm are 4.67 canonical voxels, so there are 5, the last one centred at 6.25 < 6.5;
  // 5 are 3.33, so there are 4, the last one centred at 4.75 > 4.5.
  const Geometry seven = TestGeometry({7, 7, 7}, {1.0, 1.0, 1.0});
  EXPECT_EQ(PatchAxes(PlaceAtBegin(seven, {0, 0, 0}, kPatch, kUsualSpacingMm), seven.shape())[2].end, 5);
  const Geometry five = TestGeometry({5, 5, 5}, {1.0, 1.0, 1.0});
  EXPECT_EQ(PlaceAtBegin(five, {0, 0, 0}, kPatch, kUsualSpacingMm).grid.shape[2], 4);
  EXPECT_EQ(PatchAxes(PlaceAtBegin(five, {0, 0, 0}, kPatch, kUsualSpacingMm), five.shape())[2].end, 3);
}

TEST(SourceAxes, PointToTheNearestPatchVoxel) {
  const Geometry geometry = TestGeometry({100, 100, 300}, {1.5, 1.5, 0.75});
  const Placement placement = PlaceAtBegin(geometry, {0, 0, 10}, kPatch, kUsualSpacingMm);
  const SourceAxis axis = SourceAxes(placement, {128, 128, 128}, geometry.shape())[2];
  EXPECT_EQ(axis.patch_axis, 2);
  EXPECT_EQ(axis.begin, 20);  // source 20 and 21 share canonical voxel 10
  EXPECT_EQ(axis.patch_voxel[20], 0);
  EXPECT_EQ(axis.patch_voxel[21], 0);
  EXPECT_EQ(axis.patch_voxel[22], 1);
  EXPECT_EQ(axis.end, 276);
}

}  // namespace
}  // namespace sgpsam
