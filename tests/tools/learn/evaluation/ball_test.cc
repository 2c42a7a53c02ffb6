#include "tools/learn/evaluation/ball.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tools/learn/evaluation/overlap.h"

namespace sgpsam {
namespace {

constexpr std::array<double, 3> kSpacing{0.75, 1, 2.5};

Mask BallMask(const Shape& shape, const Voxel& middle, double radius_mm) {
  Mask mask(shape);
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) {
        const double x = static_cast<double>(i - middle.i) * kSpacing[0],
                     y = static_cast<double>(j - middle.j) * kSpacing[1],
                     z = static_cast<double>(k - middle.k) * kSpacing[2];
        if (std::hypot(x, y, z) <= radius_mm * (1 + 1e-6)) mask.Set(i, j, k);
      }
    }
  }
  return mask;
}

TEST(Ball, HasRadiiFromOneToSixtyMillimetres) {
  EXPECT_EQ(BallRadiusMm(0), 1);
  EXPECT_EQ(BallRadiusMm(3), 2.5);
  EXPECT_EQ(BallRadiusMm(18), 10);
  EXPECT_EQ(BallRadiusMm(19), 11);
  EXPECT_EQ(BallRadiusMm(kBallRadii - 1), 60);
  for (size_t n = 1; n < kBallRadii; ++n) EXPECT_GT(BallRadiusMm(n), BallRadiusMm(n - 1));
}

// Against balls that are drawn one by one, in the middle of the grid and at its corner.
TEST(Ball, IsScoredAsAMaskOfItsVoxels) {
  const Shape shape{50, 40, 20};
  for (const Voxel& middle : {Voxel{25, 20, 10}, Voxel{0, 39, 0}}) {
    Mask truth(shape);
    for (int64_t k = 4; k < 15; ++k) {
      for (int64_t i = 10; i < 38; ++i) truth.Set(i, 25, k);
    }
    truth.Set(middle.i, middle.j, middle.k);
    const std::vector<double> dice = BallDice(truth, kSpacing, middle);
    ASSERT_EQ(dice.size(), kBallRadii);
    for (size_t n = 0; n < kBallRadii; ++n) {
      EXPECT_NEAR(dice[n], *Dice(truth, BallMask(shape, middle, BallRadiusMm(n))), 1e-12) << BallRadiusMm(n);
    }
  }
}

TEST(Ball, FindsABall) {
  const Shape shape{60, 50, 20};
  const Voxel middle{30, 25, 10};
  EXPECT_EQ(BallDice(BallMask(shape, middle, 12), kSpacing, middle)[20], 1);
}

}  // namespace
}  // namespace sgpsam
