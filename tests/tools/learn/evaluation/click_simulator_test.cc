#include "tools/learn/evaluation/click_simulator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "core/volume/components.h"
#include "tests/support/mask_shapes.h"

namespace sgpsam {
namespace {

constexpr Shape kShape{33, 29, 27};
const ClickOptions kCentre{ClickStrategy::kCentre, {1, 1, 1}};
const ClickOptions kRandom{ClickStrategy::kRandom, {1, 1, 1}};

Mask Either(const Mask& a, const Mask& b) {
  return MaskWhere(a.shape(), [&](const Voxel& v) { return Has(a, v) || Has(b, v); });
}

Mask Without(const Mask& a, const Mask& b) {
  return MaskWhere(a.shape(), [&](const Voxel& v) { return Has(a, v) && !Has(b, v); });
}

std::optional<SimulatedClick> Next(const Mask& truth, const Mask& prediction,
                                   const ClickOptions& options = kCentre, uint64_t seed = 1) {
  const absl::StatusOr<std::optional<SimulatedClick>> click = NextClick(truth, prediction, options, seed);
  EXPECT_TRUE(click.ok()) << click.status();
  return click.ok() ? *click : std::nullopt;
}

// The squared distance to the nearest voxel that is not in the mask, the rim around the volume included.
double DepthIn(const Mask& mask, const Voxel& from, const std::array<double, 3>& spacing_mm) {
  const Shape& shape = mask.shape();
  double nearest = std::numeric_limits<double>::infinity();
  ForEachVoxel(Shape{shape.i + 2, shape.j + 2, shape.k + 2}, [&](const Voxel& at) {
    const Voxel v{at.i - 1, at.j - 1, at.k - 1};
    const bool within = v.i >= 0 && v.j >= 0 && v.k >= 0 && v.i < shape.i && v.j < shape.j && v.k < shape.k;
    if (!within || !Has(mask, v)) nearest = std::min(nearest, SquaredDistance(from, v, spacing_mm));
  });
  return nearest;
}

double GreatestDepthIn(const Mask& mask, const std::array<double, 3>& spacing_mm) {
  double deepest = 0;
  ForEachVoxel(mask.shape(), [&](const Voxel& v) {
    if (Has(mask, v)) deepest = std::max(deepest, DepthIn(mask, v, spacing_mm));
  });
  return deepest;
}

TEST(FirstClick, HitsTheMiddleOfABall) {
  const Mask ball = BallMask(kShape, {12, 15, 11}, 7);
  EXPECT_EQ(FirstClick(ball, kCentre, 1), (SimulatedClick{{12, 15, 11}, true}));
}

TEST(FirstClick, TakesTheMiddleOfEquallyDeepVoxels) {
  EXPECT_EQ(FirstClick(BoxMask(kShape, {4, 5, 6}, {25, 16, 7}), kCentre, 1),
            (SimulatedClick{{14, 10, 6}, true}));
  // Of an even number the middle is a choice: the first.
  EXPECT_EQ(FirstClick(BoxMask(kShape, {4, 4, 4}, {8, 8, 8}), kCentre, 1), (SimulatedClick{{5, 5, 5}, true}));
}

// A flat box and a cube: which is deeper depends on how thick the slices are.
TEST(FirstClick, MeasuresDepthInMillimetres) {
  const Mask truth =
      Either(BoxMask(kShape, {2, 2, 2}, {9, 9, 5}), BoxMask(kShape, {15, 15, 15}, {20, 20, 20}));
  EXPECT_EQ(FirstClick(truth, {ClickStrategy::kCentre, {1, 1, 1}}, 1), (SimulatedClick{{17, 17, 17}, true}));
  EXPECT_EQ(FirstClick(truth, {ClickStrategy::kCentre, {1, 1, 4}}, 1), (SimulatedClick{{5, 5, 3}, true}));
}

TEST(FirstClick, TakesWhatLiesBeyondTheVolumeForOutside) {
  EXPECT_EQ(FirstClick(BoxMask(kShape, {0, 0, 0}, {33, 29, 27}), kCentre, 1),
            (SimulatedClick{{16, 14, 13}, true}));
}

TEST(FirstClick, IsAsDeepAsBruteForceFinds) {
  Random random(11);
  const Shape shape{11, 9, 8};
  for (const auto& spacing_mm : {std::array<double, 3>{1, 1, 1}, {0.7, 0.7, 2.5}}) {
    for (const double probability : {0.1, 0.7, 0.97}) {
      const Mask truth = NoiseMask(shape, probability, random);
      const std::optional<SimulatedClick> click = FirstClick(truth, {ClickStrategy::kCentre, spacing_mm}, 1);
      ASSERT_TRUE(click.has_value());
      ASSERT_TRUE(Has(truth, click->voxel));
      const double deepest = GreatestDepthIn(truth, spacing_mm);
      EXPECT_NEAR(DepthIn(truth, click->voxel, spacing_mm), deepest, 1e-4 * deepest);
    }
  }
}

TEST(FirstClick, OfAnEmptyTruthIsNone) {
  EXPECT_EQ(FirstClick(Mask(kShape), kCentre, 1), std::nullopt);
  EXPECT_EQ(FirstClick(Mask(kShape), kRandom, 1), std::nullopt);
}

TEST(NextClick, WithNothingToCorrectIsNone) {
  const Mask ball = BallMask(kShape, {12, 15, 11}, 7);
  for (const ClickOptions& options : {kCentre, kRandom}) {
    EXPECT_EQ(Next(ball, ball, options), std::nullopt);
    EXPECT_EQ(Next(Mask(kShape), Mask(kShape), options), std::nullopt);
  }
}

TEST(NextClick, GoesIntoTheMissedPartAndSaysMore) {
  const Mask truth = BoxMask(kShape, {2, 2, 2}, {23, 9, 9}), found = BoxMask(kShape, {2, 2, 2}, {16, 9, 9});
  EXPECT_EQ(Next(truth, found), (SimulatedClick{{19, 5, 5}, true}));
}

TEST(NextClick, GoesIntoTheSurplusAndSaysLess) {
  const Mask truth = BoxMask(kShape, {2, 2, 2}, {16, 9, 9}), found = BoxMask(kShape, {2, 2, 2}, {23, 9, 9});
  EXPECT_EQ(Next(truth, found), (SimulatedClick{{19, 5, 5}, false}));
}

// 7x7x1 voxels against a ball of 33: the ball is deeper, the plate larger.
TEST(NextClick, CorrectsTheLargestErrorBeforeTheDeepest) {
  const Mask plate = BoxMask(kShape, {2, 2, 2}, {9, 9, 3}), ball = BallMask(kShape, {20, 20, 20}, 2);
  ASSERT_EQ(ball.CountVoxels(), 33u);
  EXPECT_EQ(Next(Either(plate, ball), Mask(kShape)), (SimulatedClick{{5, 5, 2}, true}));
  EXPECT_EQ(Next(ball, plate), (SimulatedClick{{5, 5, 2}, false}));
  EXPECT_EQ(Next(plate, ball), (SimulatedClick{{5, 5, 2}, true}));
}

TEST(NextClick, CorrectsTheMissedOneOfEqualErrors) {
  const Mask a = BoxMask(kShape, {2, 2, 2}, {7, 7, 7}), b = Moved(a, {12, 0, 0});
  EXPECT_EQ(Next(a, b), (SimulatedClick{{4, 4, 4}, true}));
  EXPECT_EQ(Next(b, a), (SimulatedClick{{16, 4, 4}, true}));
}

// A missed and a surplus region that touch are two errors, not one.
TEST(NextClick, KeepsMissedAndSurplusVoxelsApart) {
  const Mask truth = BoxMask(kShape, {4, 4, 4}, {9, 9, 9}), found = BoxMask(kShape, {9, 4, 4}, {16, 9, 9});
  EXPECT_EQ(Next(truth, found), (SimulatedClick{{12, 6, 6}, false}));
}

TEST(NextClick, MovesWithTheMasks) {
  Random random(12);
  for (int round = 0; round < 10; ++round) {
    const auto place = [&] { return Voxel{6 + static_cast<int64_t>(random.Below(9)), 8, 8}; };
    const Mask truth = BallMask(kShape, place(), 5), found = BallMask(kShape, place(), 4);
    const std::optional<SimulatedClick> here = Next(truth, found),
                                        there = Next(Moved(truth, {9, 8, 7}), Moved(found, {9, 8, 7}));
    ASSERT_TRUE(here && there);
    EXPECT_EQ(there->positive, here->positive);
    EXPECT_EQ(there->voxel, (Voxel{here->voxel.i + 9, here->voxel.j + 8, here->voxel.k + 7}));
  }
}

TEST(NextClick, IsTheDeepestVoxelOfTheLargestComponent) {
  Random random(13);
  const Shape shape{13, 10, 9};
  constexpr std::array<double, 3> kSpacing{0.9, 1.1, 1.6};
  for (int round = 0; round < 10; ++round) {
    const Mask truth = NoiseMask(shape, 0.25, random), found = NoiseMask(shape, 0.2, random);
    const std::optional<SimulatedClick> click = Next(truth, found, {ClickStrategy::kCentre, kSpacing});
    ASSERT_TRUE(click.has_value());
    const Components missed = FindComponents(Without(truth, found)),
                     surplus = FindComponents(Without(found, truth));
    EXPECT_EQ(click->positive, missed.voxels[missed.largest()] >= surplus.voxels[surplus.largest()]);
    const Components& errors = click->positive ? missed : surplus;
    const Mask error = MaskOf(shape, errors.runs_of(errors.largest()));
    ASSERT_TRUE(Has(error, click->voxel));
    const double deepest = GreatestDepthIn(error, kSpacing);
    EXPECT_NEAR(DepthIn(error, click->voxel, kSpacing), deepest, 1e-4 * deepest);
  }
}

TEST(NextClick, InTheCentreDoesNotDependOnTheSeed) {
  Random random(14);
  const Mask truth = NoiseMask(kShape, 0.3, random), found = NoiseMask(kShape, 0.3, random);
  EXPECT_EQ(Next(truth, found, kCentre, 1), Next(truth, found, kCentre, 2));
}

using Counts = std::map<std::tuple<int64_t, int64_t, int64_t, bool>, int>;

void Count(const std::optional<SimulatedClick>& click, Counts& counts) {
  ASSERT_TRUE(click.has_value());
  ++counts[{click->voxel.i, click->voxel.j, click->voxel.k, click->positive}];
}

TEST(RandomClick, HitsEveryVoxelOfTheErrorsEquallyOften) {
  Mask truth = BoxMask(kShape, {8, 8, 8}, {12, 12, 12}), found = truth;
  truth.Set(32, 28, 26);  // three missed voxels, the volume's last one among them
  truth.Set(3, 0, 0);
  truth.Set(4, 0, 0);
  found.Set(0, 0, 0);  // two too many
  found.Set(20, 7, 3);
  Counts counts;
  for (uint64_t seed = 0; seed < 5000; ++seed) Count(Next(truth, found, kRandom, seed), counts);
  EXPECT_EQ(counts.size(), 5u);
  const std::tuple<int64_t, int64_t, int64_t, bool> expected[] = {
      {32, 28, 26, true}, {3, 0, 0, true}, {4, 0, 0, true}, {0, 0, 0, false}, {20, 7, 3, false}};
  for (const auto& click : expected) EXPECT_NEAR(counts[click], 1000, 120);
}

TEST(RandomClick, StartsAnywhereInTheTruth) {
  const Mask truth = BoxMask(kShape, {31, 4, 4}, {33, 6, 5});  // 4 voxels
  Counts counts;
  for (uint64_t seed = 0; seed < 4000; ++seed) Count(FirstClick(truth, kRandom, seed), counts);
  EXPECT_EQ(counts.size(), 4u);
  for (const auto& [click, count] : counts) {
    const auto [i, j, k, positive] = click;
    EXPECT_TRUE(positive && truth.at(i, j, k));
    EXPECT_NEAR(count, 1000, 120);
  }
}

TEST(RandomClick, IsTheSameForTheSameSeed) {
  Random random(15);
  const Mask truth = NoiseMask(kShape, 0.3, random), found = NoiseMask(kShape, 0.3, random);
  std::set<std::tuple<int64_t, int64_t, int64_t>> places;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::optional<SimulatedClick> click = Next(truth, found, kRandom, seed);
    EXPECT_EQ(click, Next(truth, found, kRandom, seed));
    places.insert({click->voxel.i, click->voxel.j, click->voxel.k});
  }
  EXPECT_GT(places.size(), 15u);
}

TEST(NextClick, RefusesMasksOfDifferentGrids) {
  for (const ClickOptions& options : {kCentre, kRandom}) {
    EXPECT_EQ(NextClick(Mask(kShape), Mask(Shape{3, 3, 3}), options, 1).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace sgpsam
