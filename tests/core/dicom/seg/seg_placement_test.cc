#include "core/dicom/seg/seg_placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using ::testing::HasSubstr;

constexpr double kTolerance = 0.1;

WorldPoint Times(const WorldPoint& p, double f) { return {p.x * f, p.y * f, p.z * f}; }

// Oblique, leaning, anisotropic, every axis of another length.
Geometry Leaning() {
  return SteppedGeometry({9, 7, 5}, {{{0.9, 0.1, 0}, {-0.1, 0.9, 0.2}, {0.1, -0.5, 3}}}, {-40, 60, 7});
}

// A frame whose first pixel is the voxel `first`, with rows along axis a and columns along axis b.
FramePlane FrameOf(const Geometry& volume, std::array<double, 3> first, size_t a, int way_a, int columns,
                   size_t b, int way_b, int rows) {
  return {volume.ToWorld({first[0], first[1], first[2]}), Times(volume.steps()[a], way_a),
          Times(volume.steps()[b], way_b), columns, rows};
}

std::string Refusal(const FramePlane& frame, const Geometry& volume) {
  const absl::Status status = PlaceFrame(frame, volume, kTolerance).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("resample"));
  return std::string(status.message());
}

TEST(PlaceFrame, FindsEveryPixelsVoxelAlongAnyTwoAxesEitherWay) {
  const Geometry volume = Leaning();
  const std::array<int, 3> sizes{9, 7, 5};
  for (size_t a = 0; a < 3; ++a) {
    for (size_t b = 0; b < 3; ++b) {
      if (a == b) continue;
      const size_t across = 3 - a - b;
      for (int ways = 0; ways < 4; ++ways) {
        const int way_a = ways & 1 ? -1 : 1, way_b = ways & 2 ? -1 : 1;
        std::array<double, 3> first{};
        first[across] = 2;
        if (way_a < 0) first[a] = sizes[a] - 1;
        if (way_b < 0) first[b] = sizes[b] - 1;
        const FramePlane frame = FrameOf(volume, first, a, way_a, sizes[a], b, way_b, sizes[b]);
        const absl::StatusOr<FramePlace> place = PlaceFrame(frame, volume, kTolerance);
        ASSERT_TRUE(place.ok()) << place.status();
        EXPECT_EQ(place->across, across);
        EXPECT_EQ(place->slice, 2);
        for (int c = 0; c < sizes[a]; ++c) {
          for (int r = 0; r < sizes[b]; ++r) {
            const WorldPoint &p = frame.position, &u = frame.column_step, &v = frame.row_step;
            const VoxelIndex at =
                volume.ToVoxel({p.x + c * u.x + r * v.x, p.y + c * u.y + r * v.y, p.z + c * u.z + r * v.z});
            EXPECT_EQ(place->first + c * place->column_stride + r * place->row_stride,
                      std::lround(at.i) + 9 * std::lround(at.j) + 63 * std::lround(at.k));
          }
        }
      }
    }
  }
}

TEST(PlaceFrame, TakesAPartOfAPlane) {
  const absl::StatusOr<FramePlace> place =
      PlaceFrame(FrameOf(Leaning(), {2, 3, 4}, 0, 1, 5, 1, 1, 4), Leaning(), kTolerance);
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ(place->first, 2 + 3 * 9 + 4 * 63);
}

TEST(PlaceFrame, RefusesWhatReachesBeyondTheVolume) {
  EXPECT_THAT(Refusal(FrameOf(Leaning(), {0, 0, 5}, 0, 1, 9, 1, 1, 7), Leaning()),
              HasSubstr("along k to 5, where it has 0 to 4"));
  EXPECT_THAT(Refusal(FrameOf(Leaning(), {1, 0, 0}, 0, 1, 9, 1, 1, 7), Leaning()), HasSubstr("along i to 9"));
  EXPECT_THAT(Refusal(FrameOf(Leaning(), {8, -1, 0}, 0, -1, 9, 1, 1, 7), Leaning()),
              HasSubstr("along j to -1"));
  FramePlane far = FrameOf(Leaning(), {0, 0, 0}, 0, 1, 9, 1, 1, 7);
  far.position.x = 1e300;
  EXPECT_THAT(Refusal(far, Leaning()), HasSubstr("outside the volume"));
  far.position.x = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(Refusal(far, Leaning()), HasSubstr("outside the volume"));
}

TEST(PlaceFrame, ForgivesLessThanATenthOfAVoxelInAll) {
  const Geometry volume = TestGeometry({101, 101, 9}, {0.5, 0.5, 3});
  FramePlane frame = FrameOf(volume, {0, 0, 4}, 0, 1, 101, 1, 1, 101);
  frame.position.x += 0.02;       // 0.04 voxels
  frame.column_step.x += 0.0002;  // 0.04 voxels at the end of a row
  EXPECT_TRUE(PlaceFrame(frame, volume, kTolerance).ok());
  frame.column_step.x += 0.0002;
  EXPECT_THAT(Refusal(frame, volume), HasSubstr("its corners lie 0.12 voxels off"));
}

TEST(PlaceFrame, RefusesOtherPositionsSpacingsAndDirections) {
  const Geometry volume = TestGeometry({9, 7, 5}, {1, 1, 3});
  EXPECT_THAT(Refusal(FrameOf(volume, {0, 0, 1.5}, 0, 1, 9, 1, 1, 7), volume),
              HasSubstr("begins 0.5 voxels away from a voxel"));
  FramePlane half = FrameOf(volume, {0, 0, 1}, 0, 1, 9, 1, 1, 7);
  half.row_step.y = 0.5;
  EXPECT_THAT(Refusal(half, volume), HasSubstr("another pixel spacing or orientation"));
  FramePlane turned = FrameOf(volume, {0, 0, 1}, 0, 1, 9, 1, 1, 7);
  turned.column_step = {std::cos(0.1), std::sin(0.1), 0};
  EXPECT_THAT(Refusal(turned, volume), HasSubstr("another pixel spacing or orientation"));
  FramePlane folded = FrameOf(volume, {0, 0, 1}, 0, 1, 9, 0, 1, 7);
  EXPECT_THAT(Refusal(folded, volume), HasSubstr("do not run along the volume's axes"));
  FramePlane still = FrameOf(volume, {0, 0, 1}, 0, 0, 9, 1, 1, 7);
  EXPECT_THAT(Refusal(still, volume), HasSubstr("another pixel spacing"));
}

}  // namespace
}  // namespace sgpsam
