#include "tools/learn/train/losses.h"

#include <ATen/ATen.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "gtest/gtest.h"

namespace sgpsam {
namespace {

constexpr double kGammas[] = {0, 0.5, 1, 2, 5};

// Two samples of 3 x 4 x 5 voxels, in double so that finite differences mean something.
at::Tensor Logits(uint64_t seed = 1) {
  Random random(seed);
  at::Tensor logits = at::empty({2, 3, 4, 5}, at::kDouble);
  double* values = logits.mutable_data_ptr<double>();
  for (int64_t n = 0; n < logits.numel(); ++n) values[n] = 2 * random.Normal();
  return logits;
}

// 0 and 1; of each sample another share.
at::Tensor Truth() {
  at::Tensor truth = at::zeros({2, 60}, at::kDouble);
  truth[0].narrow(0, 7, 9).fill_(1);
  truth[1].narrow(0, 20, 31).fill_(1);
  return truth.view({2, 3, 4, 5});
}

// Logits that say `truth` without a doubt.
at::Tensor Sure(const at::Tensor& truth) { return (2 * truth - 1) * 60; }

// A box of this many voxels on each side, in 32^3.
at::Tensor Box(int64_t side) {
  at::Tensor truth = at::zeros({1, 32, 32, 32}, at::kDouble);
  truth.narrow(1, 1, side).narrow(2, 1, side).narrow(3, 1, side).fill_(1);
  return truth;
}

double Value(const at::Tensor& loss) { return loss.item<double>(); }

// The formulas once more, voxel by voxel.

struct Voxel {
  double logit, truth;
  double probability() const { return 1 / (1 + std::exp(-logit)); }
};

std::vector<std::vector<Voxel>> BySample(const at::Tensor& logits, const at::Tensor& truth) {
  std::vector<std::vector<Voxel>> samples(static_cast<size_t>(logits.size(0)));
  const at::Tensor x = logits.flatten(1), y = truth.flatten(1);
  for (int64_t b = 0; b < x.size(0); ++b) {
    for (int64_t n = 0; n < x.size(1); ++n) {
      samples[static_cast<size_t>(b)].push_back({x[b][n].item<double>(), y[b][n].item<double>()});
    }
  }
  return samples;
}

double PlainDice(const std::vector<Voxel>& voxels) {
  double overlap = 0, sizes = 0;
  for (const Voxel& voxel : voxels) {
    overlap += voxel.probability() * voxel.truth;
    sizes += voxel.probability() + voxel.truth;
  }
  return 1 - (2 * overlap + 1) / (sizes + 1);
}

double PlainFocal(const std::vector<Voxel>& voxels, double gamma) {
  double lesion = 0, background = 0, lesion_voxels = 0, background_voxels = 0;
  for (const Voxel& voxel : voxels) {
    const double p = voxel.probability();
    lesion -= voxel.truth * std::pow(1 - p, gamma) * std::log(p);
    background -= (1 - voxel.truth) * std::pow(p, gamma) * std::log(1 - p);
    lesion_voxels += voxel.truth;
    background_voxels += 1 - voxel.truth;
  }
  return 0.5 * (lesion / (lesion_voxels + 1) + background / (background_voxels + 1));
}

double PlainCrossEntropy(const std::vector<Voxel>& voxels) {
  double sum = 0;
  for (const Voxel& voxel : voxels) {
    const double p = voxel.probability();
    sum -= voxel.truth * std::log(p) + (1 - voxel.truth) * std::log(1 - p);
  }
  return sum / static_cast<double>(voxels.size());
}

double MeanOverSamples(const std::function<double(const std::vector<Voxel>&)>& plain) {
  double sum = 0;
  for (const std::vector<Voxel>& voxels : BySample(Logits(), Truth())) sum += plain(voxels);
  return sum / 2;
}

// Every component of the gradient against the loss's own central difference.
void ExpectFiniteDifferences(const std::function<at::Tensor(const at::Tensor&)>& loss) {
  constexpr double kStep = 1e-5;
  const at::Tensor logits = Logits().requires_grad_(true);
  loss(logits).backward();
  for (int64_t n = 0; n < logits.numel(); ++n) {
    const auto at = [&](double by) {
      at::Tensor moved = logits.detach().clone();
      moved.flatten()[n] += by;
      return Value(loss(moved));
    };
    EXPECT_NEAR(logits.grad().flatten()[n].item<double>(), (at(kStep) - at(-kStep)) / (2 * kStep), 1e-9) << n;
  }
}

TEST(DiceLoss, IsItsFormula) {
  EXPECT_NEAR(Value(DiceLoss(Logits(), Truth())), MeanOverSamples(PlainDice), 1e-12);
}

TEST(DiceLoss, HasTheGradientOfItsFiniteDifferences) {
  ExpectFiniteDifferences([](const at::Tensor& logits) { return DiceLoss(logits, Truth()); });
}

TEST(DiceLoss, IsZeroOfAPerfectAnswer) { EXPECT_NEAR(Value(DiceLoss(Sure(Truth()), Truth())), 0, 1e-12); }

TEST(DiceLoss, IsZeroIfNothingIsThereAndNothingFound) {
  const at::Tensor nothing = at::zeros_like(Truth());
  EXPECT_NEAR(Value(DiceLoss(Sure(nothing), nothing)), 0, 1e-12);
}

TEST(DiceLoss, IsNearlyOneOfADisjointAnswer) {
  const at::Tensor truth = Truth(), wrong = Sure(1 - truth);
  EXPECT_NEAR(Value(DiceLoss(wrong, truth)), 1 - 1.0 / 61, 1e-9);  // smoothed by one voxel of 60
}

TEST(VoxelBalancedFocalLoss, IsItsFormula) {
  for (const double gamma : kGammas) {
    const double expected =
        MeanOverSamples([gamma](const std::vector<Voxel>& voxels) { return PlainFocal(voxels, gamma); });
    EXPECT_NEAR(Value(VoxelBalancedFocalLoss(Logits(), Truth(), gamma)), expected, 1e-12) << gamma;
  }
}

TEST(VoxelBalancedFocalLoss, HasTheGradientOfItsFiniteDifferences) {
  for (const double gamma : kGammas) {
    ExpectFiniteDifferences(
        [gamma](const at::Tensor& logits) { return VoxelBalancedFocalLoss(logits, Truth(), gamma); });
  }
}

// What is lost by missing a lesion altogether while the background is right, and the pull towards it.
TEST(VoxelBalancedFocalLoss, WeighsASmallLesionAsMuchAsALargeOne) {
  std::vector<double> losses, pulls;
  for (const int64_t side : {3, 22}) {  // 27 and 10,648 voxels
    const at::Tensor truth = Box(side), logits = at::full_like(truth, -3).requires_grad_(true);
    const at::Tensor loss = VoxelBalancedFocalLoss(logits, truth, /*gamma=*/2);
    loss.backward();
    losses.push_back(Value(loss));
    pulls.push_back((logits.grad() * truth).sum().item<double>());
  }
  // Only the one voxel that smooths stands between both: 27 / 28.
  EXPECT_NEAR(losses[0] / losses[1], 1, 0.04);
  EXPECT_NEAR(pulls[0] / pulls[1], 1, 0.04);
  // To the mean over all voxels the small one is hardly there.
  const auto entropy = [](int64_t side) {
    const at::Tensor truth = Box(side);
    return Value(CrossEntropyLoss(at::full_like(truth, -3), truth));
  };
  EXPECT_LT(entropy(3) / entropy(22), 0.1);
}

TEST(VoxelBalancedFocalLoss, OfGammaZeroIsTheBalancedCrossEntropy) {
  const at::Tensor logits = Logits(), truth = Truth(), p = at::sigmoid(logits);
  const at::Tensor lesion = -(p.log() * truth).flatten(1).sum(1) / (truth.flatten(1).sum(1) + 1);
  const at::Tensor background =
      -((1 - p).log() * (1 - truth)).flatten(1).sum(1) / ((1 - truth).flatten(1).sum(1) + 1);
  EXPECT_NEAR(Value(VoxelBalancedFocalLoss(logits, truth, 0)), Value(((lesion + background) / 2).mean()),
              1e-12);
}

TEST(VoxelBalancedFocalLoss, CountsWhatIsRightAlreadyTheLessTheGreaterGammaIs) {
  const at::Tensor truth = Truth(), right = (2 * truth - 1) * 2;
  double last = std::numeric_limits<double>::infinity();
  for (const double gamma : kGammas) {
    const double loss = Value(VoxelBalancedFocalLoss(right, truth, gamma));
    EXPECT_LT(loss, last) << gamma;
    last = loss;
  }
}

TEST(CrossEntropyLoss, IsItsFormula) {
  EXPECT_NEAR(Value(CrossEntropyLoss(Logits(), Truth())), MeanOverSamples(PlainCrossEntropy), 1e-12);
}

TEST(CrossEntropyLoss, HasTheGradientOfItsFiniteDifferences) {
  ExpectFiniteDifferences([](const at::Tensor& logits) { return CrossEntropyLoss(logits, Truth()); });
}

TEST(SegmentationLoss, IsTheWeightedSumThatItsOptionsName) {
  const at::Tensor logits = Logits(), truth = Truth();
  LossOptions options;
  options.dice_weight = 0.3;
  options.other_weight = 1.7;
  options.gamma = 3;
  const double dice = 0.3 * Value(DiceLoss(logits, truth));
  EXPECT_NEAR(Value(SegmentationLoss(logits, truth, options)),
              dice + 1.7 * Value(VoxelBalancedFocalLoss(logits, truth, 3)), 1e-12);
  options.kind = LossKind::kDiceCrossEntropy;
  EXPECT_NEAR(Value(SegmentationLoss(logits, truth, options)),
              dice + 1.7 * Value(CrossEntropyLoss(logits, truth)), 1e-12);
}

// Each voxel right or wrong without a doubt, in float32 as in training.
TEST(SegmentationLoss, StaysFiniteWithItsGradientsWhateverTheLogits) {
  const at::Tensor truth = Truth().to(at::kFloat);
  for (const LossKind kind : {LossKind::kZoom, LossKind::kDiceCrossEntropy}) {
    for (const double gamma : kGammas) {
      for (const double size : {20.0, 100.0, 200.0, 1e4, 1e30}) {
        for (const double sign : {-1.0, 1.0}) {
          const at::Tensor logits = ((2 * truth - 1) * (sign * size)).detach().requires_grad_(true);
          LossOptions options;
          options.kind = kind;
          options.gamma = gamma;
          const at::Tensor loss = SegmentationLoss(logits, truth, options);
          loss.backward();
          EXPECT_TRUE(std::isfinite(loss.item<double>())) << gamma << " " << sign * size;
          EXPECT_TRUE(at::isfinite(logits.grad()).all().item<bool>()) << gamma << " " << sign * size;
        }
      }
    }
  }
}

TEST(DisobedienceLoss, IsTheMeanSoftplusOfWhatClicksAreDenied) {
  const at::Tensor logits = Logits(), flat = logits.flatten(1);
  const at::Tensor offsets = at::tensor({3, 40, 7, 59}, at::kLong).view({2, 2});
  const at::Tensor signs = at::tensor({1.0, -1.0, -1.0, 1.0}, at::kDouble).view({2, 2});
  double expected = 0;
  for (int64_t b = 0; b < 2; ++b) {
    for (int64_t t = 0; t < 2; ++t) {
      const double logit = flat[b][offsets[b][t].item<int64_t>()].item<double>();
      expected += std::log1p(std::exp(1 - signs[b][t].item<double>() * logit)) / 4;
    }
  }
  EXPECT_NEAR(Value(DisobedienceLoss(logits, offsets, signs)), expected, 1e-9);
  ExpectFiniteDifferences([&](const at::Tensor& x) { return DisobedienceLoss(x, offsets, signs); });
}

TEST(SoftDice, IsOfEachSample) {
  const at::Tensor both = SoftDice(Logits(), Truth());
  ASSERT_EQ(both.numel(), 2);
  EXPECT_NEAR(1 - both.mean().item<double>(), Value(DiceLoss(Logits(), Truth())), 1e-12);
  EXPECT_NE(both[0].item<double>(), both[1].item<double>());
}

}  // namespace
}  // namespace sgpsam
