#include "tools/learn/evaluation/overlap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/mask_shapes.h"

namespace sgpsam {
namespace {

constexpr Shape kShape{13, 7, 5};

double DiceOf(const Mask& a, const Mask& b) {
  const absl::StatusOr<double> dice = Dice(a, b);
  EXPECT_TRUE(dice.ok()) << dice.status();
  return dice.value_or(-1);
}

TEST(Dice, OfHandMadeBoxes) {
  const Mask a = BoxMask(kShape, {0, 0, 0}, {4, 3, 2});                               // 24 voxels
  EXPECT_DOUBLE_EQ(DiceOf(a, BoxMask(kShape, {2, 0, 0}, {6, 3, 2})), 0.5);            // half of it moved
  EXPECT_DOUBLE_EQ(DiceOf(a, BoxMask(kShape, {0, 0, 0}, {8, 3, 2})), 2 * 24.0 / 72);  // twice as large
  EXPECT_DOUBLE_EQ(DiceOf(a, BoxMask(kShape, {4, 0, 0}, {8, 3, 2})), 0);
}

TEST(Dice, OfEmptyMasksIsOneAndOfOneEmptyMaskZero) {
  const Mask box = BoxMask(kShape, {1, 1, 1}, {3, 3, 3});
  EXPECT_EQ(DiceOf(Mask(kShape), Mask(kShape)), 1);
  EXPECT_EQ(DiceOf(box, Mask(kShape)), 0);
  EXPECT_EQ(DiceOf(Mask(kShape), box), 0);
}

TEST(Dice, IsSymmetricAndOneForItself) {
  Random random(7);
  for (int round = 0; round < 20; ++round) {
    const Mask a = NoiseMask(kShape, 0.4, random), b = NoiseMask(kShape, 0.3, random);
    EXPECT_EQ(DiceOf(a, b), DiceOf(b, a));
    EXPECT_EQ(DiceOf(a, a), 1);
  }
}

TEST(Dice, CountsEveryVoxel) {
  Random random(8);
  for (const Shape& shape : {Shape{13, 7, 5}, Shape{64, 2, 1}, Shape{3, 1, 1}, Shape{65, 1, 1}}) {
    const Mask a = NoiseMask(shape, 0.5, random), b = NoiseMask(shape, 0.5, random);
    double common = 0, sum = 0;
    ForEachVoxel(shape, [&](const Voxel& v) {
      common += Has(a, v) && Has(b, v) ? 1 : 0;
      sum += (Has(a, v) ? 1 : 0) + (Has(b, v) ? 1 : 0);
    });
    EXPECT_DOUBLE_EQ(DiceOf(a, b), 2 * common / sum);
  }
}

TEST(Dice, RefusesMasksOfDifferentGrids) {
  const absl::Status status = Dice(Mask(kShape), Mask(Shape{13, 5, 7})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("13x7x5"));
}

}  // namespace
}  // namespace sgpsam
