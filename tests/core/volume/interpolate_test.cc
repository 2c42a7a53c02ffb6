#include "core/volume/interpolate.h"

#include <gtest/gtest.h>

namespace sgpsam {
namespace {

void ExpectTap(const Tap<double>& tap, int64_t lo, int64_t hi, double weight) {
  EXPECT_EQ(tap.lo, lo);
  EXPECT_EQ(tap.hi, hi);
  EXPECT_EQ(tap.weight, weight);
}

TEST(TapAt, LiesBetweenTheTwoNeighbours) {
  ExpectTap(TapAt<double>(2.25, 5), 2, 3, 0.25);
  ExpectTap(TapAt<double>(3, 5), 3, 4, 0);
  EXPECT_EQ(TapAt<float>(1.1, 5).weight, static_cast<float>(1.1 - 1));  // rounded once, at the end
}

TEST(TapAt, ReadsTheEndsBeyondThem) {
  ExpectTap(TapAt<double>(-0.25, 5), 0, 1, 0);
  ExpectTap(TapAt<double>(-3, 5), 0, 1, 0);
  for (const double at : {4.0, 4.4, 9.5}) {
    const Tap<double> tap = TapAt<double>(at, 5);
    EXPECT_EQ(tap.lo, 4) << at;
    EXPECT_EQ(tap.hi, 4) << at;
  }
  const Tap<double> only = TapAt<double>(0.3, 1);
  EXPECT_EQ(only.lo, 0);
  EXPECT_EQ(only.hi, 0);
}

TEST(Lerp, GivesEqualNeighboursExactlyTheirValue) {
  for (const double value : {-1024.0, 0.1, 3071.0}) {
    for (const double weight : {0.0, 0.1, 0.3, 1.0 / 3, 0.999}) EXPECT_EQ(Lerp(value, value, weight), value);
  }
  EXPECT_EQ(Lerp(-1000.3f, -1000.3f, 0.7f), -1000.3f);
  EXPECT_EQ(Lerp(2.0f, 4.0f, 0.25f), 2.5f);
}

}  // namespace
}  // namespace sgpsam
