#include "tools/learn/evaluation/size_bins.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tests/support/mask_shapes.h"

namespace sgpsam {
namespace {

TEST(SizeBins, DiameterIsThatOfTheBallOfEqualVolume) {
  // pi/6 mm³ is a ball of 1 mm; eight times that, of 2 mm.
  EXPECT_DOUBLE_EQ(EquivalentDiameterMm(1, std::numbers::pi / 6000), 1);
  EXPECT_DOUBLE_EQ(EquivalentDiameterMm(8, std::numbers::pi / 6000), 2);
  EXPECT_EQ(EquivalentDiameterMm(0, 0.001), 0);
}

TEST(SizeBins, DiameterOfADrawnBallIsItsOwn) {
  const uint64_t voxels = BallMask(Shape{41, 41, 41}, {20, 20, 20}, 15).CountVoxels();
  EXPECT_NEAR(EquivalentDiameterMm(voxels, 0.5 * 0.5 * 0.5 / 1000), 15, 0.1);
}

TEST(SizeBins, BeginAtFiveAndTenMillimetres) {
  EXPECT_EQ(SizeBinOf(0), SizeBin::kLt5Mm);
  EXPECT_EQ(SizeBinOf(std::nextafter(5, 0)), SizeBin::kLt5Mm);
  EXPECT_EQ(SizeBinOf(5), SizeBin::k5To10Mm);
  EXPECT_EQ(SizeBinOf(std::nextafter(10, 0)), SizeBin::k5To10Mm);
  EXPECT_EQ(SizeBinOf(10), SizeBin::kGe10Mm);
  EXPECT_EQ(SizeBinOf(300), SizeBin::kGe10Mm);
}

TEST(SizeBins, HaveTheNamesOfTheReports) {
  EXPECT_STREQ(NameOf(SizeBin::kLt5Mm), "lt5mm");
  EXPECT_STREQ(NameOf(SizeBin::k5To10Mm), "5to10mm");
  EXPECT_STREQ(NameOf(SizeBin::kGe10Mm), "ge10mm");
}

}  // namespace
}  // namespace sgpsam
