#include "tools/learn/evaluation/surface_dice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "tests/support/mask_shapes.h"

namespace sgpsam {
namespace {

constexpr Shape kShape{24, 22, 20};
constexpr std::array<double, 3> kMillimetre{1, 1, 1};

double NsdOf(const Mask& a, const Mask& b, const std::array<double, 3>& spacing_mm = kMillimetre,
             double tolerance_mm = kSurfaceToleranceMm) {
  const absl::StatusOr<double> nsd = SurfaceDice(a, b, spacing_mm, tolerance_mm);
  EXPECT_TRUE(nsd.ok()) << nsd.status();
  return nsd.value_or(-1);
}

TEST(SurfaceDice, OfABoxMovedWithinTheToleranceIsOne) {
  const Mask box = BoxMask(kShape, {5, 5, 5}, {15, 15, 15});
  EXPECT_EQ(NsdOf(box, Moved(box, {2, 0, 0})), 1);
  EXPECT_EQ(NsdOf(box, Moved(box, {0, 1, 1})), 1);
}

// Two plates of 10x10x1 voxels: all border.
TEST(SurfaceDice, OfPlatesIsTheShareOfVoxelsInReach) {
  const Mask a = BoxMask(kShape, {5, 5, 5}, {15, 15, 6});
  EXPECT_EQ(NsdOf(a, BoxMask(kShape, {5, 5, 7}, {15, 15, 8})), 1);
  EXPECT_EQ(NsdOf(a, BoxMask(kShape, {5, 5, 8}, {15, 15, 9})), 0);
  // Shifted in its plane by 5: of each plate, columns up to 2 beyond the common ones are in reach.
  EXPECT_DOUBLE_EQ(NsdOf(a, BoxMask(kShape, {10, 5, 5}, {20, 15, 6})), 0.7);
  // Half as wide: all of it is in reach, and of the whole plate 5 + 2 columns.
  EXPECT_DOUBLE_EQ(NsdOf(a, BoxMask(kShape, {5, 5, 5}, {10, 15, 6})), (70.0 + 50) / 150);
}

// The border of a 5x5x5 box is 125 - 27 voxels; of its middle, one voxel, all are 2 mm or more away.
TEST(SurfaceDice, TakesVoxelsWithAFaceOutsideForTheBorder) {
  const Mask box = BoxMask(kShape, {5, 5, 5}, {10, 10, 10}), middle = BoxMask(kShape, {7, 7, 7}, {8, 8, 8});
  EXPECT_DOUBLE_EQ(NsdOf(box, middle, kMillimetre, 1.9), 0);
  EXPECT_DOUBLE_EQ(NsdOf(box, middle, kMillimetre, 2), (6.0 + 1) / (98 + 1));
}

TEST(SurfaceDice, TakesTheEdgeOfTheVolumeForOutside) {
  const Shape shape{5, 5, 5};
  const Mask all = BoxMask(shape, {0, 0, 0}, {5, 5, 5}), middle = BoxMask(shape, {2, 2, 2}, {3, 3, 3});
  EXPECT_DOUBLE_EQ(NsdOf(all, middle, kMillimetre, 2), (6.0 + 1) / (98 + 1));
}

TEST(SurfaceDice, MeasuresMillimetresAlongEachAxis) {
  const Mask a = BoxMask(kShape, {5, 5, 5}, {15, 15, 6}), above = BoxMask(kShape, {5, 5, 6}, {15, 15, 7});
  EXPECT_EQ(NsdOf(a, above, {1, 1, 1.9}), 1);
  EXPECT_EQ(NsdOf(a, above, {1, 1, 2.1}), 0);
  const Mask behind = BoxMask(kShape, {5, 15, 5}, {15, 16, 6}),
             edge = BoxMask(kShape, {5, 14, 5}, {15, 15, 6});
  EXPECT_EQ(NsdOf(edge, behind, {1, 1.9, 1}), 1);
  EXPECT_EQ(NsdOf(edge, behind, {1, 2.1, 1}), 0);
}

TEST(SurfaceDice, ForgivesTheRoundingOfSpacings) {
  const Mask a = BoxMask(kShape, {5, 5, 5}, {15, 15, 6}), moved = Moved(a, {0, 0, 7});
  EXPECT_EQ(NsdOf(a, moved, {1, 1, static_cast<double>(2.0f / 7)}), 1);  // a little more than 2 / 7
  EXPECT_EQ(NsdOf(a, moved, {1, 1, 2.00001 / 7}), 0);
}

TEST(SurfaceDice, OfEmptyMasksIsOneAndOfOneEmptyMaskZero) {
  const Mask box = BoxMask(kShape, {1, 1, 1}, {9, 9, 9});
  EXPECT_EQ(NsdOf(Mask(kShape), Mask(kShape)), 1);
  EXPECT_EQ(NsdOf(box, Mask(kShape)), 0);
  EXPECT_EQ(NsdOf(Mask(kShape), box), 0);
}

TEST(SurfaceDice, OfItselfIsOneWithoutTolerance) {
  Random random(9);
  const Mask noise = NoiseMask(kShape, 0.3, random);
  EXPECT_EQ(NsdOf(noise, noise, kMillimetre, 0), 1);
}

TEST(SurfaceDice, IsSymmetricAndDoesNotMoveWithTheMasks) {
  const Mask a = BallMask(kShape, {9, 9, 8}, 6), b = BallMask(kShape, {12, 9, 9}, 5);
  constexpr std::array<double, 3> kSpacing{0.8, 0.7, 1.5};
  const double nsd = NsdOf(a, b, kSpacing);
  EXPECT_GT(nsd, 0.3);
  EXPECT_LT(nsd, 0.95);
  EXPECT_EQ(NsdOf(b, a, kSpacing), nsd);
  EXPECT_EQ(NsdOf(Moved(a, {3, 2, 4}), Moved(b, {3, 2, 4}), kSpacing), nsd);
}

// The definition, voxel against voxel.
std::vector<Voxel> BorderOf(const Mask& mask) {
  const Shape& shape = mask.shape();
  const auto outside = [&](int64_t i, int64_t j, int64_t k) {
    return i < 0 || j < 0 || k < 0 || i >= shape.i || j >= shape.j || k >= shape.k || !mask.at(i, j, k);
  };
  std::vector<Voxel> border;
  ForEachVoxel(shape, [&](const Voxel& v) {
    if (!Has(mask, v)) return;
    if (outside(v.i - 1, v.j, v.k) || outside(v.i + 1, v.j, v.k) || outside(v.i, v.j - 1, v.k) ||
        outside(v.i, v.j + 1, v.k) || outside(v.i, v.j, v.k - 1) || outside(v.i, v.j, v.k + 1)) {
      border.push_back(v);
    }
  });
  return border;
}

double Within(const std::vector<Voxel>& border, const std::vector<Voxel>& other,
              const std::array<double, 3>& spacing_mm, double tolerance_mm) {
  double count = 0;
  for (const Voxel& v : border) {
    double nearest = std::numeric_limits<double>::infinity();
    for (const Voxel& w : other) nearest = std::min(nearest, SquaredDistance(v, w, spacing_mm));
    if (nearest <= tolerance_mm * tolerance_mm) ++count;
  }
  return count;
}

TEST(SurfaceDice, IsWhatItsDefinitionSays) {
  Random random(10);
  const Shape shape{14, 12, 9};
  constexpr std::array<double, 3> kSpacing{0.61, 0.83, 1.77};
  for (const double tolerance : {0.7, 1.3, 2.0}) {
    for (const double probability : {0.005, 0.1, 0.7, 0.95}) {
      const Mask a = NoiseMask(shape, probability, random), b = NoiseMask(shape, probability / 3, random);
      const std::vector<Voxel> border_a = BorderOf(a), border_b = BorderOf(b);
      const double within =
          Within(border_a, border_b, kSpacing, tolerance) + Within(border_b, border_a, kSpacing, tolerance);
      EXPECT_DOUBLE_EQ(NsdOf(a, b, kSpacing, tolerance),
                       within / static_cast<double>(border_a.size() + border_b.size()));
    }
  }
}

TEST(SurfaceDice, RefusesMasksOfDifferentGrids) {
  EXPECT_EQ(SurfaceDice(Mask(kShape), Mask(Shape{20, 22, 24}), kMillimetre).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam
