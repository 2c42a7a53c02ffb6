#include "tools/learn/evaluation/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/random.h"

namespace sgpsam {
namespace {

using Cases = std::vector<std::vector<double>>;

TEST(Bootstrap, MeanIsOverLesions) {
  EXPECT_DOUBLE_EQ(BootstrapMean(Cases{{1}, {0, 0, 0.5, 0.5}})->mean, 0.4);
}

// Of two cases, 0 and 1, a quarter of the resamples has the mean 0, half 0.5 and a quarter 1.
TEST(Bootstrap, IntervalOfTwoCasesIsKnown) {
  const Cases cases{{0}, {1}};
  const std::optional<MeanInterval> wide = BootstrapMean(cases),
                                    narrow = BootstrapMean(cases, {0.4, 2000, 1});
  EXPECT_EQ(wide->low, 0);
  EXPECT_EQ(wide->high, 1);
  EXPECT_EQ(narrow->low, 0.5);
  EXPECT_EQ(narrow->high, 0.5);
}

TEST(Bootstrap, InterpolatesBetweenResamples) {
  // Two resamples, of which the middle half lies a quarter of the way inside.
  const Cases cases{{0}, {0.1}, {0.3}, {0.7}, {1.5}};
  const std::optional<MeanInterval> all = BootstrapMean(cases, {1, 2, 3}),
                                    half = BootstrapMean(cases, {0.5, 2, 3});
  ASSERT_LT(all->low, all->high);
  EXPECT_DOUBLE_EQ(half->low, all->low + 0.25 * (all->high - all->low));
  EXPECT_DOUBLE_EQ(half->high, all->low + 0.75 * (all->high - all->low));
}

TEST(Bootstrap, WithoutLesionsIsNone) {
  EXPECT_FALSE(BootstrapMean(Cases{}).has_value());
  EXPECT_FALSE(BootstrapMean(Cases{{}, {}}).has_value());
}

TEST(Bootstrap, OfOneCaseIsItsMean) {
  const std::optional<MeanInterval> interval = BootstrapMean(Cases{{0.2, 0.6}, {}});
  EXPECT_DOUBLE_EQ(interval->mean, 0.4);
  EXPECT_DOUBLE_EQ(interval->low, 0.4);
  EXPECT_DOUBLE_EQ(interval->high, 0.4);
}

// Ten times the same lesion in a case says no more than once.
TEST(Bootstrap, DrawsCasesAndNotLesions) {
  Cases once, ten_times;
  Random random(21);
  for (int n = 0; n < 30; ++n) {
    const double value = random.Uniform();
    once.push_back({value});
    ten_times.push_back(std::vector<double>(10, value));
  }
  const std::optional<MeanInterval> a = BootstrapMean(once), b = BootstrapMean(ten_times);
  EXPECT_NEAR(a->low, b->low, 1e-12);
  EXPECT_NEAR(a->high, b->high, 1e-12);
}

TEST(Bootstrap, IsTheSameForTheSameSeed) {
  const Cases cases{{0.1}, {0.5, 0.6}, {0.9}, {0.3}, {0.75}};
  const MeanInterval a = *BootstrapMean(cases, {0.9, 500, 7}), b = *BootstrapMean(cases, {0.9, 500, 7}),
                     c = *BootstrapMean(cases, {0.9, 500, 8});
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  EXPECT_TRUE(a.low != c.low || a.high != c.high);
}

// Of many cases the mean is about normal, and its interval known: 1.96 standard errors on either side.
TEST(Bootstrap, IntervalOfManyCasesIsThatOfTheNormalDistribution) {
  Random random(22);
  Cases cases;
  double sum = 0, squares = 0;
  constexpr int kCases = 400;
  for (int n = 0; n < kCases; ++n) {
    const double value = random.Uniform();
    cases.push_back({value});
    sum += value;
    squares += value * value;
  }
  const double mean = sum / kCases, error = std::sqrt((squares / kCases - mean * mean) / kCases);
  const std::optional<MeanInterval> interval = BootstrapMean(cases, {0.95, 20000, 1});
  EXPECT_NEAR(interval->low, mean - 1.96 * error, 0.1 * error);
  EXPECT_NEAR(interval->high, mean + 1.96 * error, 0.1 * error);
}

// Lesions of a case share its luck. The truth is 0.7.
Cases Sample(Random& random) {
  Cases cases;
  for (int n = 0; n < 40; ++n) {
    const double luck = 0.7 + 0.1 * random.Normal();
    std::vector<double> lesions;
    for (uint64_t left = 1 + random.Below(6); left > 0; --left)
      lesions.push_back(luck + 0.05 * random.Normal());
    cases.push_back(lesions);
  }
  return cases;
}

bool Covers(const Cases& cases, double truth) {
  const std::optional<MeanInterval> interval = BootstrapMean(cases, {0.95, 1000, 1});
  return interval->low <= truth && truth <= interval->high;
}

TEST(Bootstrap, CoversTheTruthAsOftenAsItSays) {
  Random random(23);
  constexpr int kExperiments = 500;
  int covered = 0, covered_by_lesions = 0;
  for (int n = 0; n < kExperiments; ++n) {
    const Cases cases = Sample(random);
    Cases lesions;
    for (const std::vector<double>& values : cases) {
      for (const double value : values) lesions.push_back({value});
    }
    covered += Covers(cases, 0.7) ? 1 : 0;
    covered_by_lesions += Covers(lesions, 0.7) ? 1 : 0;
  }
  EXPECT_GE(covered, 0.91 * kExperiments);
  EXPECT_LE(covered, 0.97 * kExperiments);
  EXPECT_LE(covered_by_lesions, 0.8 * kExperiments);  // what drawing lesions would give
}

}  // namespace
}  // namespace sgpsam
