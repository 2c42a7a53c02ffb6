#include "core/model/layers.h"

#include <ATen/ATen.h>

#include "gtest/gtest.h"

namespace sgpsam {
namespace {

// Values in -1..1 without any pattern.
at::Tensor Waves(at::IntArrayRef shape, double frequency) {
  return at::sin(at::arange(c10::multiply_integers(shape), at::kFloat) * frequency).view(shape);
}

double RelativeError(const at::Tensor& a, const at::Tensor& exact) {
  return ((a.to(at::kDouble) - exact.to(at::kDouble)).norm() / exact.to(at::kDouble).norm()).item<double>();
}

// Channels in and out, tiles on each side, voxels on each side of one.
struct Shape {
  int64_t in, out, n, k;
};

// Among them those of the shipped models: a token's patch, a cell's patch, a token's cells.
constexpr Shape kShapes[] = {{1, 16, 24, 2}, {1, 64, 6, 8}, {16, 96, 6, 4}, {3, 5, 4, 3}, {2, 7, 5, 1}};

TEST(ConvolveTiles, EqualsTheConvolutionForwardAndBackward) {
  for (const Shape& shape : kShapes) {
    const int64_t side = shape.n * shape.k;
    at::Tensor volume = Waves({2, shape.in, side, side, side}, 0.37).requires_grad_();
    at::Tensor kernel = Waves({shape.out, shape.in, shape.k, shape.k, shape.k}, 0.71).requires_grad_();
    at::Tensor bias = Waves({shape.out}, 1.3).requires_grad_();
    const at::Tensor exact = at::conv3d(volume, kernel, bias, /*stride=*/shape.k);
    const at::Tensor tiles = ConvolveTiles({kernel.flatten(1), bias}, volume, shape.n);
    ASSERT_EQ(tiles.sizes(), exact.sizes());
    EXPECT_LT(RelativeError(tiles, exact), 1e-6);
    std::vector<at::Tensor> gradients[2];
    const at::Tensor weights = Waves(exact.sizes(), 0.11);
    for (const bool as_product : {false, true}) {
      ((as_product ? tiles : exact) * weights).sum().backward();
      for (at::Tensor* leaf : {&volume, &kernel, &bias}) {
        gradients[as_product].push_back(leaf->grad().clone());
        leaf->mutable_grad().reset();
      }
    }
    for (size_t n = 0; n < gradients[0].size(); ++n) {
      EXPECT_LT(RelativeError(gradients[1][n], gradients[0][n]), 1e-4) << n;  // sums of 27,648
    }
  }
}

TEST(ConvolveTiles, IsRightInBfloat16OnEveryProcessor) {
  for (const Shape& shape : kShapes) {
    const int64_t side = shape.n * shape.k;
    const at::Tensor volume = Waves({1, shape.in, side, side, side}, 0.37).to(at::kBFloat16);
    const at::Tensor kernel = Waves({shape.out, shape.in, shape.k, shape.k, shape.k}, 0.71).to(at::kBFloat16);
    const at::Tensor exact = at::conv3d(volume.to(at::kFloat), kernel.to(at::kFloat), {}, shape.k);
    const at::Tensor tiles = ConvolveTiles({kernel.flatten(1), at::zeros({shape.out})}, volume, shape.n);
    EXPECT_EQ(tiles.scalar_type(), at::kBFloat16);
    EXPECT_LT(RelativeError(tiles, exact), 0.01);
  }
}

TEST(Tiles, HoldAVolumesBlocksInOrder) {
  const at::Tensor volume = at::arange(2 * 4 * 4 * 4).view({1, 2, 4, 4, 4});
  const at::Tensor tiles = Tiles(volume, 2);
  ASSERT_EQ(tiles.sizes(), at::IntArrayRef({1, 8, 16}));
  for (int64_t i = 0; i < 4; ++i) {
    for (int64_t j = 0; j < 4; ++j) {
      for (int64_t k = 0; k < 4; ++k) {
        const int64_t tile = (i / 2 * 2 + j / 2) * 2 + k / 2, voxel = (i % 2 * 2 + j % 2) * 2 + k % 2;
        EXPECT_EQ(tiles[0][tile][8 + voxel].item<int64_t>(), volume[0][1][i][j][k].item<int64_t>());
      }
    }
  }
}

}  // namespace
}  // namespace sgpsam
