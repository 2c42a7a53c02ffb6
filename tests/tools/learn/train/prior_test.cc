#include "tools/learn/train/prior.h"

#include <ATen/ATen.h>

#include <cmath>

#include "gtest/gtest.h"

namespace sgpsam {
namespace {

constexpr int64_t kSide = 48, kCells = 24;

// A ball of this radius in the patch's middle.
at::Tensor Ball(double radius) {
  const at::Tensor square = (at::arange(kSide).to(at::kFloat) - 23.5).square();
  return (square.view({-1, 1, 1}) + square.view({1, -1, 1}) + square.view({1, 1, -1}))
      .le(radius * radius)
      .to(at::kFloat);
}

double Dice(const at::Tensor& a, const at::Tensor& b) {
  return (2 * (a * b).sum() / (a.sum() + b.sum())).item<double>();
}

TEST(Prior, IsLikeTheTruthWhereItIsKnown) {
  const at::Tensor truth = Ball(14);
  const at::Tensor share = at::avg_pool3d(truth.unsqueeze(0).unsqueeze(0), {2, 2, 2})[0][0];
  int hidden = 0;
  double sum = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const at::Tensor prior = MakePrior(truth, kCells, random);
    ASSERT_TRUE(prior.defined());
    ASSERT_EQ(prior.sizes(), at::IntArrayRef({kCells, kCells, kCells}));
    const at::Tensor known = prior.ne(0).to(at::kFloat);
    hidden += known.mean().item<double>() < 0.9 ? 1 : 0;
    sum += Dice(prior.gt(0).to(at::kFloat), share.gt(0.5).to(at::kFloat) * known);
  }
  EXPECT_GT(sum / 40, 0.8);
  EXPECT_GT(hidden, 10);  // half of them know nothing beyond a plane
  EXPECT_LT(hidden, 30);
}

TEST(Prior, IsTheSameOfTheSameRandomNumbers) {
  Random a(3), b(3), c(4);
  const at::Tensor truth = Ball(9);
  EXPECT_TRUE(at::equal(MakePrior(truth, kCells, a), MakePrior(truth, kCells, b)));
  Random again(3);
  EXPECT_FALSE(at::equal(MakePrior(truth, kCells, again), MakePrior(truth, kCells, c)));
}

TEST(Prior, IsNoneWhereNothingOfTheTruthIsKnown) {
  Random random(1);
  EXPECT_FALSE(MakePrior(at::zeros({kSide, kSide, kSide}), kCells, random).defined());
}

}  // namespace
}  // namespace sgpsam
