#include "core/looks/spacings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

const Geometry& Fine() {
  static const Geometry& geometry = *new Geometry(TestGeometry({99, 99, 99}, {0.3, 0.3, 1}));
  return geometry;
}

TEST(WiderSpacings, ClimbByOneRatioToTheLast) {
  EXPECT_THAT(WiderSpacings(0.6, 1.5), ElementsAre(0.9375, 1.5));
  EXPECT_THAT(WiderSpacings(1, 1.5), ElementsAre(1.5));
  EXPECT_THAT(WiderSpacings(0.25, 1.5), ElementsAre(0.375, 0.625, 0.9375, 1.5));
  EXPECT_THAT(WiderSpacings(1.5, 3), ElementsAre(2.125, 3));
}

TEST(WiderSpacings, AreNoneWhereTheFirstIsAboutTheLast) {
  EXPECT_THAT(WiderSpacings(1.25, 1.5), IsEmpty());
  EXPECT_THAT(WiderSpacings(1.5, 1.5), IsEmpty());
  EXPECT_THAT(WiderSpacings(3, 1.5), IsEmpty());
}

TEST(Rungs, GoByTheUsualSpacingToTheCoarsest) {
  EXPECT_THAT(Rungs(0.6, 3), ElementsAre(0.6, 0.9375, 1.5, 2.125, 3));
  EXPECT_THAT(Rungs(0.6, 1.5), ElementsAre(0.6, 0.9375, 1.5));
  EXPECT_THAT(Rungs(1.5, 1.5), ElementsAre(1.5));
}

// A patch of 50 voxels has room for 30, at 0.6.
TEST(SpacingWithRoom, IsTheFirstThatHasIt) {
  EXPECT_EQ(SpacingWithRoom(4, 50, {0.5, 1, 2}), 0.5);
  EXPECT_EQ(SpacingWithRoom(15, 50, {0.5, 1, 2}), 0.5);
  EXPECT_EQ(SpacingWithRoom(16, 50, {0.5, 1, 2}), 1);
  EXPECT_EQ(SpacingWithRoom(59, 50, {0.5, 1, 2}), 2);
  EXPECT_EQ(SpacingWithRoom(300, 50, {0.5, 1, 2}), 2) << "none has";
}

TEST(FinerSpacing, MakesASmallMaskAThirdOfThePatch) {
  EXPECT_THAT(FinerSpacing(32, 128, 1.5, Fine()), Optional(0.75));
  EXPECT_THAT(FinerSpacing(16, 64, 1.5, Fine()), Optional(0.75));
  EXPECT_THAT(FinerSpacing(33, 128, 1.5, Fine()), Optional(0.8125));  // whole sixteenths, rounded up
}

TEST(FinerSpacing, LeavesALargeMaskAsItIs) {
  EXPECT_THAT(FinerSpacing(47.9, 128, 1.5, Fine()), Optional(1.125));
  EXPECT_EQ(FinerSpacing(48, 128, 1.5, Fine()), std::nullopt);
  EXPECT_EQ(FinerSpacing(24, 64, 1.5, Fine()), std::nullopt);
}

TEST(FinerSpacing, GoesNoFinerThanHalfTheVolumesVoxelsNorThanHalfAMillimetre) {
  EXPECT_THAT(FinerSpacing(3, 128, 1.5, Fine()), Optional(kLookPolicy.finest_spacing_mm));
  EXPECT_THAT(FinerSpacing(3, 128, 1.5, TestGeometry({99, 99, 99}, {2, 1.6, 5})), Optional(0.8125));
  EXPECT_EQ(FinerSpacing(3, 128, 1.5, TestGeometry({99, 99, 99}, {2.4, 2.4, 5})), std::nullopt);
  EXPECT_THAT(FinerSpacing(3, 128, 1.5, Fine(), /*finest_mm=*/0.9), Optional(0.9375));
}

}  // namespace
}  // namespace sgpsam
