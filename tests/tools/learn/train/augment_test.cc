#include "tools/learn/train/augment.h"

#include <ATen/ATen.h>

#include <set>
#include <tuple>

#include "gtest/gtest.h"

namespace sgpsam {
namespace {

constexpr int64_t kSide = 12;

// A patch of waves in two channels, a truth without any symmetry, and a click inside it.
struct Sample {
  at::Tensor patch =
      at::sin(at::arange(2 * kSide * kSide * kSide).to(at::kFloat)).view({2, kSide, kSide, kSide});
  at::Tensor truth = at::zeros({kSide, kSide, kSide});
  Click click{3, 7, 10, true};

  Sample() {
    truth.narrow(0, 2, 3).narrow(1, 7, 2).narrow(2, 9, 3).fill_(1);
    truth[0][11][4] = 1;
  }
};

Sample Augmented(const AugmentOptions& options, uint64_t seed) {
  Sample sample;
  Random random(seed);
  Example example{sample.patch, {{sample.truth, sample.click}}, {}};
  Augment(options, random, example);
  sample.patch = example.patch;
  sample.truth = example.targets[0].truth;
  sample.click = example.targets[0].click;
  return sample;
}

AugmentOptions Nothing() {
  AugmentOptions options;
  options.flip = false;
  options.gain = options.offset = options.noise = 0;
  return options;
}

AugmentOptions OnlyFlips() {
  AugmentOptions options = Nothing();
  options.flip = true;
  return options;
}

// Of the first channel, if there are several.
at::Tensor AtClick(const at::Tensor& all, const Click& click) {
  const at::Tensor values = all.dim() == 4 ? all[0] : all;
  return values[static_cast<int64_t>(click.i)][static_cast<int64_t>(click.j)][static_cast<int64_t>(click.k)];
}

TEST(Augment, LeavesASampleAsItIsIfNothingIsAskedFor) {
  const Sample before, after = Augmented(Nothing(), 1);
  EXPECT_TRUE(at::equal(after.patch, before.patch));
  EXPECT_TRUE(at::equal(after.truth, before.truth));
  EXPECT_EQ(
      AtClick(at::arange(kSide * kSide * kSide).view({kSide, kSide, kSide}), after.click).item<int64_t>(),
      (3 * kSide + 7) * kSide + 10);
}

TEST(Augment, FlipsPatchTruthAndClickTogether) {
  const Sample before;
  std::set<std::tuple<float, float, float>> places;
  for (uint64_t seed = 0; seed < 64; ++seed) {
    const Sample after = Augmented(OnlyFlips(), seed);
    places.insert({after.click.i, after.click.j, after.click.k});
    // The voxel under the click is the one that was under it before.
    EXPECT_EQ(AtClick(after.patch, after.click).item<float>(),
              AtClick(before.patch, before.click).item<float>());
    EXPECT_EQ(AtClick(after.truth, after.click).item<float>(), 1);
    EXPECT_TRUE(after.click.positive);
    // Patch and truth moved the same way: the same values are inside.
    EXPECT_TRUE(at::equal(std::get<0>(after.patch.masked_select(after.truth.gt(0)).sort()),
                          std::get<0>(before.patch.masked_select(before.truth.gt(0)).sort())));
  }
  EXPECT_EQ(places.size(), 8u);  // each axis by itself
}

TEST(Augment, MovesAllTargetsAlike) {
  const Sample before;
  const Click other{1, 2, 4, true};
  for (uint64_t seed = 0; seed < 16; ++seed) {
    Example example{before.patch, {{before.truth, before.click}, {1 - before.truth, other}}, {}};
    Random random(seed);
    Augment(OnlyFlips(), random, example);
    EXPECT_TRUE(at::equal(example.targets[1].truth, 1 - example.targets[0].truth));
    EXPECT_EQ(AtClick(example.patch, example.targets[1].click).item<float>(),
              AtClick(before.patch, other).item<float>());
  }
}

TEST(Augment, ChangesBrightnessAndContrastWithinTheirRanges) {
  AugmentOptions options = Nothing();
  options.gain = 0.2;
  options.offset = 0.3;
  const Sample before;
  double least_gain = 2, most_gain = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Sample after = Augmented(options, seed);
    const double gain = (after.patch.std() / before.patch.std()).item<double>();
    const double offset = (after.patch.mean() - gain * before.patch.mean()).item<double>();
    EXPECT_LE(std::abs(gain - 1), 0.2 + 1e-5);
    EXPECT_LE(std::abs(offset), 0.3 + 1e-5);
    EXPECT_TRUE(at::allclose(after.patch, before.patch * gain + offset, 1e-4, 1e-4));
    EXPECT_TRUE(at::equal(after.truth, before.truth));
    least_gain = std::min(least_gain, gain);
    most_gain = std::max(most_gain, gain);
  }
  EXPECT_LT(least_gain, 0.9);
  EXPECT_GT(most_gain, 1.1);
}

TEST(Augment, AddsNoiseUpToItsStrength) {
  AugmentOptions options = Nothing();
  options.noise = 0.5;
  const Sample before;
  double most = 0;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const at::Tensor noise = Augmented(options, seed).patch - before.patch;
    const double strength = noise.std().item<double>();
    EXPECT_LE(std::abs(noise.mean().item<double>()), 5 * strength / std::sqrt(1728.0) + 1e-6);
    most = std::max(most, strength);
  }
  EXPECT_LE(most, 0.5 * 1.1);  // of 3,456 values' sample
  EXPECT_GT(most, 0.4);
}

TEST(Augment, IsTheSameOfTheSameRandomNumbers) {
  const Sample first = Augmented({}, 5), again = Augmented({}, 5), other = Augmented({}, 6);
  EXPECT_TRUE(at::equal(first.patch, again.patch));
  EXPECT_TRUE(at::equal(first.truth, again.truth));
  EXPECT_EQ(first.click.i, again.click.i);
  EXPECT_FALSE(at::equal(first.patch, other.patch));
}

// The order in which the random numbers are taken is part of what a training's seed means.
TEST(Augment, TakesBrightnessContrastAndTheNoisesStrengthThenNoise) {
  AugmentOptions options = Nothing();
  options.gain = 0.2;
  options.offset = 0.3;
  options.noise = 0.1;
  Random random(9);
  const double offset = 0.3 * (2 * random.Uniform() - 1);
  const double gain = 1 + 0.2 * (2 * random.Uniform() - 1);
  const double strength = 0.1 * random.Uniform();
  at::Tensor noise = at::empty({2, kSide, kSide, kSide});
  float* values = noise.mutable_data_ptr<float>();
  for (int64_t n = 0; n < noise.numel(); ++n) values[n] = static_cast<float>(random.Normal());
  const at::Tensor expected = Sample().patch * gain + offset + noise * strength;
  EXPECT_TRUE(at::allclose(Augmented(options, 9).patch, expected, 1e-5, 1e-6));
}

TEST(Augment, LeavesTheTensorsThatItWasGivenAlone) {
  const Sample before;
  Example example{before.patch, {{before.truth, before.click}}, {}};
  const at::Tensor patch_values = before.patch.clone(), truth_values = before.truth.clone();
  Random random(2);
  Augment({}, random, example);
  EXPECT_TRUE(at::equal(before.patch, patch_values));
  EXPECT_TRUE(at::equal(before.truth, truth_values));
}

AugmentOptions OnlyExchanges() {
  AugmentOptions options = Nothing();
  options.exchange = true;
  return options;
}

TEST(Augment, ExchangesAxesOfPatchTruthAndClickTogether) {
  const Sample before;
  std::set<std::tuple<float, float, float>> places;
  for (uint64_t seed = 0; seed < 64; ++seed) {
    const Sample after = Augmented(OnlyExchanges(), seed);
    places.insert({after.click.i, after.click.j, after.click.k});
    EXPECT_EQ(AtClick(after.patch, after.click).item<float>(),
              AtClick(before.patch, before.click).item<float>());
    EXPECT_EQ(AtClick(after.truth, after.click).item<float>(), 1);
    EXPECT_TRUE(at::equal(std::get<0>(after.patch.masked_select(after.truth.gt(0)).sort()),
                          std::get<0>(before.patch.masked_select(before.truth.gt(0)).sort())));
  }
  EXPECT_EQ(places.size(), 6u);  // every order of three
}

// A smooth patch, whose second channel is the truth as the first sees it,
// so that it can be told whether they moved alike.
Example Ball() {
  constexpr int64_t kLarge = 32;
  const at::Tensor along = at::arange(kLarge).to(at::kFloat);
  const at::Tensor i = (along - 17).square().view({-1, 1, 1}), j = (along - 13).square().view({1, -1, 1}) / 2,
                   k = (along - 16).square().view({1, 1, -1});
  const at::Tensor squares = i + j + k;
  const at::Tensor truth = squares.le(36).to(at::kFloat);
  return {at::stack({(40 - squares) / 40, truth * 2 - 1}), {{truth, {17, 13, 16, true}}}, {}};
}

TEST(Augment, TurnsPatchTruthAndClickTogether) {
  AugmentOptions options = Nothing();
  options.turn = 1;
  int moved = 0;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    Example example = Ball();
    Random random(seed);
    Augment(options, random, example);
    const ExampleTarget& target = example.targets[0];
    const at::Tensor inside = example.patch[1].gt(0).to(at::kFloat);
    const double both = (inside * target.truth).sum().item<double>();
    EXPECT_GT(2 * both / (inside.sum() + target.truth.sum()).item<double>(), 0.9) << seed;
    EXPECT_EQ(AtClick(target.truth, target.click).item<float>(), 1);
    EXPECT_GT(AtClick(example.patch, target.click).item<float>(), 0.9);  // still the brightest place
    moved += at::equal(target.truth, Ball().targets[0].truth) ? 0 : 1;
  }
  EXPECT_GT(moved, 25);
}

TEST(Augment, LeavesOutATurnThatLosesTheTruth) {
  AugmentOptions options = Nothing();
  options.turn = 1;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Example example = Ball();
    const at::Tensor corner = at::zeros({32, 32, 32});
    corner.narrow(0, 0, 2).narrow(1, 0, 2).narrow(2, 0, 2).fill_(1);
    example.targets = {{corner, {0, 1, 0, true}}};
    Random random(seed);
    Augment(options, random, example);
    EXPECT_EQ(AtClick(example.targets[0].truth, example.targets[0].click).item<float>(), 1);
    EXPECT_GE(example.targets[0].truth.sum().item<double>(), 4);
  }
}

TEST(Augment, KeepsScaledValuesWithinTheirLimit) {
  AugmentOptions options;
  options.limit = 1;
  options.gamma = 0.5;
  options.gain = 1;
  options.noise = 0.5;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const at::Tensor patch = Augmented(options, seed).patch;
    EXPECT_LE(patch.abs().max().item<float>(), 1);
    EXPECT_TRUE(at::isfinite(patch).all().item<bool>());
  }
}

TEST(Augment, BlursAndThickensOnAverageNothingAway) {
  for (const bool blur : {true, false}) {
    AugmentOptions options = Nothing();
    (blur ? options.blur : options.thick_slices) = 1;
    for (uint64_t seed = 0; seed < 10; ++seed) {
      const Sample before, after = Augmented(options, seed);
      EXPECT_LT(after.patch.std().item<double>(), before.patch.std().item<double>());
      EXPECT_NEAR(after.patch.mean().item<double>(), before.patch.mean().item<double>(), 0.05);
      EXPECT_TRUE(at::equal(after.truth, before.truth));
    }
  }
}

}  // namespace
}  // namespace sgpsam
