#include "tools/learn/train/training_sample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/engine.h"
#include "core/transform/patch_labels.h"
#include "core/transform/placement.h"
#include "core/transform/prepare.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/tools/learn/train/made_cases.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

constexpr int64_t kPatch = 16;

// 2 x 2 x `length` voxels, from 9 8 7 on.
VoxelFunction Bar(int64_t length) {
  return [length](int64_t i, int64_t j, int64_t k) {
    return i >= 9 && i < 11 && j >= 8 && j < 10 && k >= 7 && k < 7 + length ? 1 : 0;
  };
}

Case BarCase(int64_t length, const Geometry& geometry = TestGeometry({24, 22, 20})) {
  return MakeCase("bar", geometry, Texture, Bar(length), 1);
}

absl::StatusOr<TrainingSample> Draw(const ClickableCase& from, const SampleOptions& options, uint64_t seed) {
  Random random(seed);
  return DrawSample(from, options, kPatch, random);
}

TrainingSample MustDraw(const ClickableCase& from, const SampleOptions& options, uint64_t seed) {
  absl::StatusOr<TrainingSample> sample = Draw(from, options, seed);
  EXPECT_TRUE(sample.ok()) << sample.status();
  return sample.ok() ? *std::move(sample) : TrainingSample();
}

bool ClickLiesIn(const Mask& mask, const Click& click) {
  return mask.at(static_cast<int64_t>(click.i), static_cast<int64_t>(click.j), static_cast<int64_t>(click.k));
}

TEST(ClickableCase, KnowsTheVoxelsOfEachTarget) {
  const auto targets = [](int64_t i, int64_t j, int64_t k) {
    if (i == 1 && j == 2 && k == 3) return 1;
    return k == 5 && j == 0 && i < 2 ? 2 : 0;
  };
  const ClickableCase clickable(MakeCase("two", TestGeometry({10, 11, 12}), Texture, targets, 2));
  EXPECT_EQ(clickable.voxels(1), std::vector<uint64_t>{1 + 10 * (2 + 11 * 3)});
  EXPECT_EQ(clickable.voxels(2), (std::vector<uint64_t>{10 * 11 * 5, 10 * 11 * 5 + 1}));
  EXPECT_EQ(clickable.bytes(), 10u * 11 * 12 * 2 * sizeof(int16_t) + 3 * sizeof(uint64_t));
}

TEST(ClickableCase, PicksTheVoxelsOfALargeTargetEvenly) {
  const auto target = [](int64_t, int64_t, int64_t k) { return k >= 5 ? 1 : 0; };
  const ClickableCase clickable(MakeCase("large", TestGeometry({30, 30, 30}), Texture, target, 1));
  const std::vector<uint64_t>& voxels = clickable.voxels(1);
  EXPECT_EQ(voxels.size(), 4096u);
  EXPECT_TRUE(std::is_sorted(voxels.begin(), voxels.end()));
  constexpr uint64_t kFirst = 30 * 30 * 5, kAll = 30 * 30 * 25;
  EXPECT_EQ(voxels.front(), kFirst);
  for (size_t n = 0; n < voxels.size(); ++n) {
    EXPECT_NEAR(static_cast<double>(voxels[n] - kFirst), static_cast<double>(kAll * n) / 4096, 1);
  }
}

TEST(TrainingSample, IsClickedInsideItsTruth) {
  SampleOptions options;
  options.min_spacing_mm = 1;
  options.max_spacing_mm = 2.5;
  options.jitter = 5;
  const ClickableCase ball(BallCase(3));
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const TrainingSample sample = MustDraw(ball, options, seed);
    EXPECT_TRUE(sample.targets[0].click.positive);
    EXPECT_TRUE(ClickLiesIn(sample.targets[0].truth, sample.targets[0].click)) << seed;
    EXPECT_EQ(sample.patch.values.size(), 4096u);
  }
}

// Whatever the volume's axes are: the patch, its truth and its click are those of one and the same place.
TEST(TrainingSample, IsThePatchThatAServerWouldMakeThere) {
  const Geometry turned =
      SteppedGeometry({24, 22, 20}, {{{0, 0, -1.5}, {1.5, 0, 0}, {0, -1.5, 0}}}, {5, 6, 7});
  for (const Geometry& geometry : {TestGeometry({24, 22, 20}), turned}) {
    const ClickableCase bar(BarCase(2, geometry));
    for (uint64_t seed = 0; seed < 8; ++seed) {
      const TrainingSample sample = MustDraw(bar, {}, seed);
      EXPECT_EQ(sample.targets[0].click.i, kPatch / 2);
      EXPECT_EQ(sample.targets[0].click.j, kPatch / 2);
      EXPECT_EQ(sample.targets[0].click.k, kPatch / 2);
      int places = 0;
      for (const uint64_t n : bar.voxels(1)) {
        const auto offset = static_cast<int64_t>(n);
        const VoxelIndex voxel{static_cast<double>(offset % 24), static_cast<double>(offset / 24 % 22),
                               static_cast<double>(offset / 24 / 22)};
        const Placement placement = PlaceAround(geometry, voxel, kPatch, kUsualSpacingMm);
        if (PreparePatch(bar.source().image, placement)->values != sample.patch.values) continue;
        ++places;
        EXPECT_EQ(PatchLabels(bar.source().targets, 1, placement).bits(), sample.targets[0].truth.bits());
      }
      EXPECT_EQ(places, 1) << seed;
    }
  }
}

TEST(TrainingSample, LiesOffCentreByItsJitter) {
  SampleOptions options;
  options.jitter = 3;
  const ClickableCase bar(BarCase(2));
  std::set<float> places;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const TrainingSample sample = MustDraw(bar, options, seed);
    for (const float at : {sample.targets[0].click.i, sample.targets[0].click.j, sample.targets[0].click.k})
      places.insert(at);
    EXPECT_EQ(sample.targets[0].truth.CountVoxels(), 8u);
  }
  EXPECT_EQ(places, (std::set<float>{5, 6, 7, 8, 9, 10, 11}));
}

TEST(TrainingSample, IsOfASpacingDrawnEvenlyInItsLogarithm) {
  SampleOptions options;
  options.min_spacing_mm = 0.75;
  options.max_spacing_mm = 3;
  const auto ball = [](int64_t i, int64_t j, int64_t k) {
    return std::hypot(static_cast<double>(i) - 12, static_cast<double>(j) - 11, static_cast<double>(k) - 10) <
           3;
  };
  const ClickableCase clickable(MakeCase("ball", TestGeometry({24, 22, 20}), Texture, ball, 1));
  const double voxels_at_1_5 = static_cast<double>(clickable.voxels(1).size());
  int finer = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const double voxels =
        static_cast<double>(MustDraw(clickable, options, seed).targets[0].truth.CountVoxels());
    EXPECT_GT(voxels, voxels_at_1_5 / 8 * 0.6);
    EXPECT_LE(voxels, voxels_at_1_5 * 8);
    finer += voxels > voxels_at_1_5 ? 1 : 0;
  }
  EXPECT_NEAR(finer, 100, 25);  // 1.5 mm is the middle of the logarithm
}

TEST(TrainingSample, IsTheSameOfTheSameRandomNumbers) {
  SampleOptions options;
  options.max_spacing_mm = 2;
  options.jitter = 2;
  const ClickableCase ball(BallCase(1));
  const TrainingSample first = MustDraw(ball, options, 4), again = MustDraw(ball, options, 4),
                       other = MustDraw(ball, options, 5);
  EXPECT_EQ(first.patch.values, again.patch.values);
  EXPECT_EQ(first.targets[0].truth.bits(), again.targets[0].truth.bits());
  EXPECT_EQ(first.targets[0].click.i, again.targets[0].click.i);
  EXPECT_NE(first.patch.values, other.patch.values);
}

// One of two targets is meant, and only its voxels are true.
TEST(TrainingSample, IsOfOneTargetEachAsLikely) {
  const auto targets = [](int64_t i, int64_t j, int64_t k) {
    if (i < 10 || i > 11 || j < 10 || j > 11) return 0;
    return k == 8 || k == 9 ? 1 : k == 11 || k == 12 || k == 13 ? 2 : 0;
  };
  const ClickableCase clickable(MakeCase("two", TestGeometry({24, 22, 20}), Texture, targets, 2));
  int first = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const uint64_t voxels = MustDraw(clickable, {}, seed).targets[0].truth.CountVoxels();
    EXPECT_TRUE(voxels == 8 || voxels == 12) << voxels;
    first += voxels == 8 ? 1 : 0;
  }
  EXPECT_NEAR(first, 50, 15);
}

// Four targets around a corner: a patch that lies on it shows them all.
TEST(TrainingSample, AsksForAsManyTargetsAsItIsTold) {
  const auto targets = [](int64_t i, int64_t j, int64_t k) {
    if (i < 8 || i > 15 || j < 8 || j > 15 || k < 8 || k > 12) return 0;
    return 1 + (i > 11 ? 1 : 0) + (j > 11 ? 2 : 0);
  };
  const ClickableCase clickable(MakeCase("four", TestGeometry({24, 22, 20}), Texture, targets, 4));
  SampleOptions options;
  options.targets = 5;
  std::set<float> sides;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const TrainingSample sample = MustDraw(clickable, options, seed);
    ASSERT_EQ(sample.targets.size(), 5u);
    for (const TrainingSample::Target& target : sample.targets) {
      EXPECT_TRUE(ClickLiesIn(target.truth, target.click));
      EXPECT_LE(target.truth.CountVoxels(), 4u * 4 * 5);
      sides.insert(target.click.i);
    }
  }
  EXPECT_GT(sides.size(), 8u);  // more than one target is four wide
}

TEST(TrainingSample, ClicksTheOneTargetAgainWhereThereIsNoOther) {
  SampleOptions options;
  options.targets = 3;
  const TrainingSample sample = MustDraw(ClickableCase(BarCase(6)), options, 1);
  ASSERT_EQ(sample.targets.size(), 3u);
  for (const TrainingSample::Target& target : sample.targets) {
    EXPECT_EQ(target.truth.bits(), sample.targets[0].truth.bits());
    EXPECT_TRUE(ClickLiesIn(target.truth, target.click));
  }
}

TEST(TrainingSample, SaysWhatKindOfTargetLiesInEachCell) {
  Case source = BarCase(6);
  source.kinds = {7};
  SampleOptions options;
  options.kind_cells = kPatch;  // as many cells as voxels
  const TrainingSample sample = MustDraw(ClickableCase(std::move(source)), options, 1);
  ASSERT_EQ(sample.kinds.size(), 4096u);
  const Mask& truth = sample.targets[0].truth;
  for (int64_t n = 0; n < 4096; ++n) {
    EXPECT_EQ(sample.kinds[static_cast<size_t>(n)], truth.at(n / 256, n / 16 % 16, n % 16) ? 7 : 0);
  }
  const TrainingSample unknown = MustDraw(ClickableCase(BarCase(6)), options, 1);
  ASSERT_EQ(unknown.kinds.size(), 4096u);
  for (size_t n = 0; n < 4096; ++n) EXPECT_EQ(unknown.kinds[n], sample.kinds[n] == 7 ? 1 : 0);
}

TEST(TrainingSample, MayBeAsSmallAsItsLimitButNoSmaller) {
  EXPECT_EQ(MustDraw(ClickableCase(BarCase(2)), {}, 1).targets[0].truth.CountVoxels(), 8u);
  const absl::Status status = Draw(ClickableCase(BarCase(1)), {}, 1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("bar"));
  SampleOptions smaller;
  smaller.min_voxels = 4;
  EXPECT_EQ(MustDraw(ClickableCase(BarCase(1)), smaller, 1).targets[0].truth.CountVoxels(), 4u);
}

TEST(TrainingSample, IsNotFoundInACaseWithoutTargets) {
  const auto nothing = [](int64_t, int64_t, int64_t) { return 0; };
  const ClickableCase without(MakeCase("none", TestGeometry({24, 22, 20}), Texture, nothing, 0));
  EXPECT_EQ(Draw(without, {}, 1).status().code(), absl::StatusCode::kNotFound);
  // A source that promises a target which is not there.
  const ClickableCase broken(MakeCase("none", TestGeometry({24, 22, 20}), Texture, nothing, 1));
  EXPECT_EQ(Draw(broken, {}, 1).status().code(), absl::StatusCode::kNotFound);
}

TEST(TrainingSample, HasTheErrorsOfItsPatch) {
  const auto dark = [](int64_t i, int64_t, int64_t) { return static_cast<double>(-i); };
  const ClickableCase clickable(MakeCase("dark", TestGeometry({24, 22, 20}), dark, Bar(2), 1));
  const absl::Status status = Draw(clickable, {}, 1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
}

// A large ball and three small ones.
ClickableCase OneLargeThreeSmall() {
  const auto target = [](int64_t i, int64_t j, int64_t k) {
    const auto within = [&](int64_t x, int64_t y, int64_t z, int64_t r) {
      return (i - x) * (i - x) + (j - y) * (j - y) + (k - z) * (k - z) <= r * r;
    };
    if (within(20, 20, 20, 10)) return 1;
    if (within(50, 50, 10, 1)) return 2;
    if (within(50, 10, 50, 1)) return 3;
    return within(10, 50, 50, 1) ? 4 : 0;
  };
  return ClickableCase(MakeCase("sizes", TestGeometry({60, 60, 60}), Texture, target, 4));
}

TEST(ClickableCase, DrawsEachSizeAsOften) {
  const ClickableCase clickable = OneLargeThreeSmall();
  EXPECT_NEAR(clickable.diameter_mm(1), 30, 1);
  std::array<int, 5> drawn{};
  Random random(4);
  for (int n = 0; n < 3000; ++n) ++drawn[static_cast<size_t>(clickable.Draw(random))];
  EXPECT_EQ(drawn[0], 0);
  EXPECT_NEAR(drawn[1], 1500, 150);
  for (size_t small = 2; small <= 4; ++small) EXPECT_NEAR(drawn[small], 500, 120);
}

// The voxels of the patch say how large the ball is in it.
TEST(TrainingSample, MakesTheTargetFillItsShareOfThePatch) {
  SampleOptions options;
  options.min_spacing_mm = 0.3;
  options.max_spacing_mm = 6;
  options.least_fill = options.most_fill = 0.5;
  options.min_voxels = 1;
  const ClickableCase clickable = OneLargeThreeSmall();
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const TrainingSample sample = MustDraw(clickable, options, seed);
    const double voxels = static_cast<double>(sample.targets[0].truth.CountVoxels());
    // A ball of half the patch's side, of which a small patch may miss a
    // part when it is clicked near its border.
    EXPECT_LT(voxels, 1.6 * 4.19 * std::pow(kPatch / 4.0, 3)) << seed;
    EXPECT_GT(voxels, 0.15 * 4.19 * std::pow(kPatch / 4.0, 3)) << seed;
  }
}

TEST(TrainingSample, ScalesByTheModalityUnlessItIsNotKnown) {
  Case made = MakeCase(
      "ct", TestGeometry({30, 30, 30}), Texture, [](int64_t i, int64_t, int64_t) { return i > 10 ? 1 : 0; },
      1);
  made.modality = "CT";
  const ClickableCase clickable(std::move(made));
  SampleOptions options;
  options.intensities = {{"CT", false, {{-1e6, 1e6}, {0, 1}}}, {"", true, {{-1, 1}, {-2, 2}}}};
  constexpr size_t kMiddle = (kPatch / 2 * kPatch + kPatch / 2) * kPatch + kPatch / 2;
  const auto most = [&] {
    float most = 0;
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const TrainingSample sample = MustDraw(clickable, options, seed);
      EXPECT_EQ(sample.patch.values.size(), 2u * kPatch * kPatch * kPatch);
      most = std::max(most, std::abs(sample.patch.values[kMiddle]));
    }
    return most;
  };
  EXPECT_LT(most(), 0.01);  // of a window as wide as that
  options.unknown_modality = 1;
  EXPECT_GT(most(), 0.2);
}

// A bar of 90 HU in tissue of 40: it becomes darker than that as well as brighter, by little or by much, at
// any tone.
TEST(TrainingSample, HasOtherTones) {
  const VoxelFunction bar = Bar(6);
  const auto values = [&](int64_t i, int64_t j, int64_t k) { return bar(i, j, k) != 0 ? 90 : 40; };
  Case made = MakeCase("ct", TestGeometry({30, 30, 30}), values, bar, 1);
  made.modality = "CT";
  const ClickableCase clickable(std::move(made));
  SampleOptions options;
  options.min_spacing_mm = options.max_spacing_mm = 1;
  options.intensities = {{"CT", false, {{-160, 240}, {-1000, 1000}}}};
  const auto draw = [&](uint64_t seed) {  // tissue, and how much brighter the bar is
    const TrainingSample sample = MustDraw(clickable, options, seed);
    const Click& click = sample.targets[0].click;
    const auto wide = [&](float i, float j, float k) {
      const auto at = [](float v) { return static_cast<size_t>(v); };
      return sample.patch.values[((at(i) + kPatch) * kPatch + at(j)) * kPatch + at(k)];
    };
    const float tissue = wide(click.i < 8 ? click.i + 4 : click.i - 4, click.j, click.k);
    return std::pair(tissue, wide(click.i, click.j, click.k) - tissue);
  };
  EXPECT_NEAR(draw(1).first, 0.04, 1e-3);
  EXPECT_NEAR(draw(1).second, 0.05, 0.02);
  options.other_tones = 1;
  std::vector<float> tones, contrasts;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const auto [tone, contrast] = draw(seed);
    tones.push_back(tone);
    contrasts.push_back(contrast);
  }
  EXPECT_LT(*std::min_element(tones.begin(), tones.end()), -0.7f);
  EXPECT_GT(*std::max_element(tones.begin(), tones.end()), 0.3f);
  EXPECT_LT(*std::min_element(contrasts.begin(), contrasts.end()), -0.15f);
  EXPECT_GT(*std::max_element(contrasts.begin(), contrasts.end()), 0.15f);
}

TEST(TrainingSample, LooksFromAsideWhereSomethingIsKnownBeforehand) {
  SampleOptions options;
  options.prior = 1;
  const ClickableCase bar(BarCase(2));
  std::set<float> places;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const TrainingSample sample = MustDraw(bar, options, seed);
    EXPECT_TRUE(sample.has_prior);
    places.insert(sample.targets[0].click.i);
  }
  EXPECT_GT(places.size(), 8u);
  options.prior = 0;
  EXPECT_FALSE(MustDraw(bar, options, 1).has_prior);
}

}  // namespace
}  // namespace sgpsam
