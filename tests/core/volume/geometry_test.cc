#include "core/volume/geometry.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::array<WorldPoint, 3> kAxes{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
constexpr std::array<WorldPoint, 3> kTilted{{{0, 1.1, 0.1}, {0.9, 0, 0.2}, {0.3, -0.4, 2}}};

absl::StatusCode CreateCode(const Shape& shape, const WorldPoint& origin,
                            const std::array<WorldPoint, 3>& steps) {
  return Geometry::Create(shape, origin, steps).status().code();
}

TEST(Geometry, PlacesVoxelsByOriginAndSteps) {
  const Geometry geometry = SteppedGeometry({10, 20, 30}, kTilted, {5, 6, 7});
  const WorldPoint p = geometry.ToWorld({1, 2, 3});
  EXPECT_DOUBLE_EQ(p.x, 5 + 2 * 0.9 + 3 * 0.3);
  EXPECT_DOUBLE_EQ(p.y, 6 + 1.1 - 3 * 0.4);
  EXPECT_DOUBLE_EQ(p.z, 7 + 0.1 + 2 * 0.2 + 3 * 2);
}

TEST(Geometry, ToVoxelUndoesToWorldOnATiltedGrid) {
  const Geometry geometry = SteppedGeometry({10, 20, 30}, kTilted, {5, 6, 7});
  const VoxelIndex v = geometry.ToVoxel(geometry.ToWorld({1.25, -7, 300}));
  EXPECT_NEAR(v.i, 1.25, 1e-9);
  EXPECT_NEAR(v.j, -7, 1e-9);
  EXPECT_NEAR(v.k, 300, 1e-9);
}

TEST(Geometry, MeasuresSpacingAndVoxelVolume) {
  const Geometry straight = TestGeometry({10, 20, 30}, {0.5, 0.8, 5});
  EXPECT_DOUBLE_EQ(straight.spacing_mm()[1], 0.8);
  EXPECT_DOUBLE_EQ(straight.voxel_ml(), 0.002);
  // Leaning slices stay as far apart: the volume is that of the parallelepiped, for either hand.
  const Geometry leaning = SteppedGeometry({10, 20, 30}, {{{0.5, 0, 0}, {0, -0.8, 0}, {0, 3, 5}}});
  EXPECT_DOUBLE_EQ(leaning.voxel_ml(), 0.002);
  EXPECT_DOUBLE_EQ(leaning.spacing_mm()[2], std::sqrt(34.0));
}

TEST(Geometry, ContainsVoxelsUpToTheirFaces) {
  const Geometry geometry = TestGeometry({10, 20, 30});
  EXPECT_TRUE(geometry.Contains({-0.5, 19.5, 29.5}));
  EXPECT_FALSE(geometry.Contains({-0.51, 0, 0}));
  EXPECT_FALSE(geometry.Contains({0, 19.51, 0}));
  EXPECT_FALSE(geometry.Contains({0, 0, 29.51}));
  EXPECT_FALSE(geometry.Contains({kNan, 0, 0}));
}

TEST(Geometry, TellsWhetherTwoGridsAreTheSame) {
  const Geometry grid = TestGeometry({100, 20, 30}, {0.5, 0.8, 5}, {1, 2, 3});
  EXPECT_TRUE(SameGrid(grid, grid));
  EXPECT_TRUE(SameGrid(grid, TestGeometry({100, 20, 30}, {0.50005, 0.8, 5}, {1, 2, 3.005})));
  EXPECT_FALSE(SameGrid(grid, TestGeometry({100, 20, 31}, {0.5, 0.8, 5}, {1, 2, 3})));
  EXPECT_FALSE(SameGrid(grid, TestGeometry({100, 20, 30}, {0.5, 0.8, 5}, {1, 2, 3.1})));
  EXPECT_FALSE(SameGrid(grid, TestGeometry({100, 20, 30}, {0.501, 0.8, 5}, {1, 2, 3})));
}

TEST(Geometry, RefusesShapesOutOfRange) {
  constexpr int64_t kMax = Geometry::kMaxAxis;
  EXPECT_EQ(CreateCode({kMax, kMax, 32}, {}, kAxes), absl::StatusCode::kOk);
  for (const Shape& shape : {Shape{0, 1, 1}, Shape{1, -1, 1}, Shape{1, 1, kMax + 1}, Shape{kMax, kMax, kMax},
                             Shape{INT64_MAX, INT64_MAX, INT64_MAX}}) {
    EXPECT_EQ(CreateCode(shape, {}, kAxes), absl::StatusCode::kInvalidArgument);
  }
}

TEST(Geometry, RefusesNumbersThatAreNotFinite) {
  EXPECT_EQ(CreateCode({2, 2, 2}, {kNan, 0, 0}, kAxes), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CreateCode({2, 2, 2}, {0, HUGE_VAL, 0}, kAxes), absl::StatusCode::kInvalidArgument);
  for (const double bad : {kNan, HUGE_VAL, 1e-5, 1e5, 0.0}) {
    EXPECT_EQ(CreateCode({2, 2, 2}, {}, {{{bad, 0, 0}, {0, 1, 0}, {0, 0, 1}}}),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(Geometry, RefusesStepsThatAreNotIndependent) {
  EXPECT_EQ(CreateCode({2, 2, 2}, {}, {{{1, 0, 0}, {0, 1, 0}, {1, 1, 0}}}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CreateCode({2, 2, 2}, {}, {{{1, 0, 0}, {2, 1e-5, 0}, {0, 0, 1}}}),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam
