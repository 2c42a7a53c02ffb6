#include "tools/learn/evaluation/calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/base/random.h"

namespace sgpsam {
namespace {

// `worth`: the Dice that a mask has on average of which so much is expected.
std::vector<LesionScores> Lesions(size_t count, const std::function<double(double)>& worth) {
  Random random(5);
  std::vector<LesionScores> lesions(count);
  for (LesionScores& lesion : lesions) {
    for (size_t n = 0; n < kScoredClicks.size(); ++n) {
      lesion.expected[n] = random.Uniform();
      lesion.dice[n] = std::clamp(worth(*lesion.expected[n]) + 0.1 * random.Normal(), 0.0, 1.0);
    }
  }
  return lesions;
}

TEST(Calibration, FindsWhatMasksAreWorth) {
  const auto worth = [](double expected) { return 0.1 + 0.7 * expected * expected; };
  const auto curve = FitCalibration(Lesions(400, worth));
  ASSERT_TRUE(curve.ok()) << curve.status();
  ASSERT_TRUE(IsCalibration(*curve));
  for (double expected = 0.05; expected < 0.96; expected += 0.05) {
    EXPECT_NEAR(Calibrated(*curve, expected), worth(expected), 0.04) << expected;
  }
}

// The more is expected, the less they are worth, up to the middle.
TEST(Calibration, NeverFalls) {
  const auto curve =
      FitCalibration(Lesions(400, [](double expected) { return std::abs(expected - 0.5) + 0.3; }));
  ASSERT_TRUE(curve.ok()) << curve.status();
  EXPECT_TRUE(IsCalibration(*curve));
  EXPECT_NEAR(Calibrated(*curve, 0.1), 0.5, 0.1);
  EXPECT_NEAR(Calibrated(*curve, 0.9), 0.7, 0.1);
}

TEST(Calibration, RefusesTooFewMasksAndOnesThatAreAllAlike) {
  EXPECT_FALSE(FitCalibration(Lesions(10, [](double expected) { return expected; })).ok());
  std::vector<LesionScores> alike = Lesions(400, [](double) { return 0.5; });
  for (LesionScores& lesion : alike) lesion.expected.fill(0.7);
  EXPECT_FALSE(FitCalibration(alike).ok());
  for (LesionScores& lesion : alike) lesion.expected.fill({});
  EXPECT_FALSE(FitCalibration(alike).ok());
}

TEST(Calibration, GoesInProportionBetweenPointsAndNoFurther) {
  const std::vector<CalibrationPoint> curve = {{0.25, 0.5}, {0.5, 0.625}, {0.75, 0.75}};
  EXPECT_EQ(Calibrated(curve, 0), 0.5);
  EXPECT_EQ(Calibrated(curve, 0.375), 0.5625);
  EXPECT_EQ(Calibrated(curve, 0.5), 0.625);
  EXPECT_EQ(Calibrated(curve, 1), 0.75);
}

}  // namespace
}  // namespace sgpsam
