#include "core/picture/axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace sgpsam {
namespace {

using testing::ElementsAre;

std::vector<std::string> LabelsOf(const Axis& axis) {
  std::vector<std::string> labels;
  for (const Tick& tick : axis.ticks) labels.push_back(tick.label);
  return labels;
}

TEST(LinearAxis, MarksMultiplesOfOneTwoOrFive) {
  EXPECT_THAT(LabelsOf(LinearAxis(0, 1, 6)), ElementsAre("0", "0.2", "0.4", "0.6", "0.8", "1"));
  EXPECT_THAT(LabelsOf(LinearAxis(0, 1, 5)), ElementsAre("0", "0.5", "1"));
  EXPECT_THAT(LabelsOf(LinearAxis(-3, 17, 6)), ElementsAre("0", "5", "10", "15"));
  EXPECT_THAT(LabelsOf(LinearAxis(0, 1e-4, 6)), ElementsAre("0", "2e-5", "4e-5", "6e-5", "8e-5", "1e-4"));
}

TEST(LinearAxis, EndsWhereTheValuesDo) {
  const Axis axis = LinearAxis(1, 950, 6);
  EXPECT_EQ(axis.low, 1);
  EXPECT_EQ(axis.high, 950);
  EXPECT_THAT(LabelsOf(axis), ElementsAre("200", "400", "600", "800"));
}

TEST(LinearAxis, MarksAnEndThatRoundingMissesAsATick) {
  EXPECT_THAT(LabelsOf(LinearAxis(0.1 * 3, 0.3 * 2, 4)), ElementsAre("0.3", "0.4", "0.5", "0.6"));
}

TEST(LinearAxis, MakesRoomAroundASingleValue) {
  EXPECT_THAT(LabelsOf(LinearAxis(0, 0, 5)), ElementsAre("-1", "-0.5", "0", "0.5", "1"));
  const Axis small = LinearAxis(1e-5, 1e-5, 6);
  EXPECT_DOUBLE_EQ(small.low, 0.9e-5);
  EXPECT_DOUBLE_EQ(small.high, 1.1e-5);
  EXPECT_DOUBLE_EQ(LinearAxis(-7, -7, 6).Place(-7), 0.5);
}

// Whatever the values, in ticks there is an order, an end and a label for each.
void ExpectUsable(const Axis& axis, double low, double high, int most_ticks) {
  ASSERT_GE(axis.ticks.size(), axis.log ? 2u : 1u);
  ASSERT_LE(axis.ticks.size(), static_cast<size_t>(most_ticks));
  ASSERT_LT(axis.low, axis.high);
  for (const double value : {low, high, axis.ticks.front().value, axis.ticks.back().value}) {
    ASSERT_GE(axis.Place(value), -1e-5);
    ASSERT_LE(axis.Place(value), 1 + 1e-5);
  }
  for (size_t n = 1; n < axis.ticks.size(); ++n) {
    ASSERT_LT(axis.ticks[n - 1].value, axis.ticks[n].value);
    ASSERT_NE(axis.ticks[n - 1].label, axis.ticks[n].label);
  }
}

TEST(LinearAxis, IsUsableForAnyRange) {
  Random random(8);
  for (int round = 0; round < 2000; ++round) {
    const double low = random.Normal() * std::pow(10.0, 40 * random.Uniform() - 20);
    const double high = low + random.Uniform() * std::pow(10.0, 40 * random.Uniform() - 20);
    const int most_ticks = 3 + static_cast<int>(random.Below(9));
    ExpectUsable(LinearAxis(low, high, most_ticks), low, high, most_ticks);
  }
}

TEST(LinearAxis, IsUsableAtTheLimitsOfWhatItShows) {
  constexpr double kDenormal = 1e-310;
  for (const auto& [low, high] : {std::pair(-kGreatestOfAxis, kGreatestOfAxis),
                                  {0.0, kGreatestOfAxis},
                                  {kDenormal, 3 * kDenormal},
                                  {0.0, kLeastOfAxis},
                                  {1.0, std::nextafter(1.0, 2.0)}}) {
    ExpectUsable(LinearAxis(low, high, 5), low, high, 5);
  }
}

TEST(LogAxis, MarksOneTwoAndFiveOfFewDecades) {
  EXPECT_THAT(LabelsOf(LogAxis(0.03, 0.9, 6)), ElementsAre("0.02", "0.05", "0.1", "0.2", "0.5", "1"));
  EXPECT_THAT(LabelsOf(LogAxis(2, 5, 6)), ElementsAre("2", "5"));
  EXPECT_THAT(LabelsOf(LogAxis(3, 4, 6)), ElementsAre("2", "5"));
}

TEST(LogAxis, MarksPowersOfTenOfMany) {
  const Axis some = LogAxis(0.003, 40, 6);
  EXPECT_DOUBLE_EQ(some.low, 0.002);
  EXPECT_DOUBLE_EQ(some.high, 50);
  EXPECT_THAT(LabelsOf(some), ElementsAre("0.01", "0.1", "1", "10"));
  EXPECT_THAT(LabelsOf(LogAxis(1e-7, 2, 5)), ElementsAre("1e-6", "1e-4", "0.01", "1"));
}

TEST(LogAxis, MarksTwoPowersOfTenAtLeast) {
  const Axis axis = LogAxis(2, 50, 4);
  EXPECT_DOUBLE_EQ(axis.low, 1);
  EXPECT_DOUBLE_EQ(axis.high, 100);
  EXPECT_THAT(LabelsOf(axis), ElementsAre("1", "10", "100"));
}

TEST(LogAxis, PlacesByTheRatio) {
  const Axis axis = LogAxis(1, 100, 3);
  EXPECT_DOUBLE_EQ(axis.Place(10), 0.5);
  EXPECT_DOUBLE_EQ(axis.Place(1), 0);
  EXPECT_DOUBLE_EQ(axis.Place(100), 1);
}

TEST(LogAxis, IsUsableForAnyRange) {
  Random random(9);
  for (int round = 0; round < 2000; ++round) {
    const double low = std::pow(10.0, 190 * random.Uniform() - 99);
    const double high =
        std::min(low * std::pow(10.0, 12 * random.Uniform() * random.Uniform()), kGreatestOfAxis);
    const int most_ticks = 3 + static_cast<int>(random.Below(9));
    ExpectUsable(LogAxis(low, high, most_ticks), low, high, most_ticks);
  }
  ExpectUsable(LogAxis(1e-4, 1e-4, 6), 1e-4, 1e-4, 6);
  ExpectUsable(LogAxis(kLeastOfAxis, kGreatestOfAxis, 5), kLeastOfAxis, kGreatestOfAxis, 5);
}

TEST(ShortNumber, IsShort) {
  EXPECT_EQ(ShortNumber(0), "0");
  EXPECT_EQ(ShortNumber(-0.0), "0");
  EXPECT_EQ(ShortNumber(0.1 * 3), "0.3");
  EXPECT_EQ(ShortNumber(-0.05), "-0.05");
  EXPECT_EQ(ShortNumber(150000), "150000");
  EXPECT_EQ(ShortNumber(2500000), "2.5e6");
  EXPECT_EQ(ShortNumber(20000000), "2e7");
  EXPECT_EQ(ShortNumber(0.001), "0.001");
  EXPECT_EQ(ShortNumber(0.0005), "5e-4");
  EXPECT_EQ(ShortNumber(1e-5), "1e-5");
  EXPECT_EQ(ShortNumber(-2e-10), "-2e-10");
  EXPECT_EQ(ShortNumber(1e100), "1e100");
}

}  // namespace
}  // namespace sgpsam
