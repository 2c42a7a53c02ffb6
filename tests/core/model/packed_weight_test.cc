#include "core/model/packed_weight.h"

#include <ATen/ATen.h>

#include "core/model/layers.h"
#include "core/model/load_weights.h"
#include "core/model_file/seeded_weights.h"
#include "gtest/gtest.h"

namespace sgpsam {
namespace {

// Values in -1..1 without any pattern.
at::Tensor Waves(at::IntArrayRef shape, double frequency) {
  return at::sin(at::arange(c10::multiply_integers(shape), at::kFloat) * frequency).view(shape);
}

double Largest(const at::Tensor& difference) { return difference.abs().max().item<double>(); }

TEST(PackedWeight, MultipliesAsTheWeightItWas) {
  const at::Tensor weight = Waves({40, 24}, 0.71), bias = Waves({40}, 1.3);
  const at::Tensor packed = PackWeight(weight, 64);
  ASSERT_TRUE(IsPacked(packed));
  EXPECT_FALSE(IsPacked(weight));
  EXPECT_EQ(packed.sizes(), weight.sizes());
  for (const int64_t rows : {1, 7, 64, 200}) {
    const at::Tensor x = Waves({rows, 24}, 0.37);
    const at::Tensor expected = at::matmul(x, weight.t());
    EXPECT_LT(Largest(MultiplyPacked(x, packed, {}) - expected), 1e-5) << rows << " rows";
    EXPECT_LT(Largest(MultiplyPacked(x, packed, bias) - (expected + bias)), 1e-5) << rows << " rows";
  }
}

TEST(PackedWeight, OfBfloat16IsTheSameWeightInAnyCase) {
  const at::Tensor weight = Waves({40, 24}, 0.71).to(at::kBFloat16), x = Waves({64, 24}, 0.37);
  Linear layer = {PackWeight(weight, 64),
                  Waves({40}, 1.3)};  // packed where the processor multiplies bfloat16
  const at::Tensor expected = at::matmul(x.to(at::kBFloat16).to(at::kFloat), weight.to(at::kFloat).t());
  EXPECT_EQ(layer(x).scalar_type(), at::kBFloat16);
  EXPECT_LT(Largest(layer(x).to(at::kFloat) - (expected + layer.bias)), 0.05);
  EXPECT_LT(Largest(layer.Multiply(x).to(at::kFloat) - expected), 0.05);
}

TEST(PackedWeight, OfALinearLayerTakesAnyShapeAndAddsUp) {
  Linear layer = {Waves({40, 24}, 0.71), Waves({40}, 1.3)};
  const at::Tensor x = Waves({2, 3, 24}, 0.37), rows = x.view({6, 24}), before = Waves({6, 40}, 0.11);
  const at::Tensor expected = layer(x), product = layer.Multiply(x);
  layer.weight = PackWeight(layer.weight, 6);
  EXPECT_EQ(layer(x).sizes(), expected.sizes());
  EXPECT_LT(Largest(layer(x) - expected), 1e-5);
  EXPECT_LT(Largest(layer.Multiply(x) - product), 1e-5);
  at::Tensor sum = before.clone();
  layer.AddTo(sum, rows);
  EXPECT_LT(Largest(sum - (before + expected.view({6, 40}))), 1e-5);
}

TEST(PackedWeight, IsWhatAServedModelHasAndATrainedOneHasNot) {
  const ModelConfig config = ModelConfig::Tiny();
  const TensorFile file = SeededModel(config, 1);
  const SgpSam served = LoadSgpSam(file, config, at::kCPU, Precision::kFloat32).value(),
               trained = AssembleSgpSam(TensorsOf(file), config, at::kCPU, Precision::kFloat32);
  for (size_t n = 0; n < served.image_encoder.blocks.size(); ++n) {
    EXPECT_TRUE(IsPacked(served.image_encoder.blocks[n].attention.qkv.weight));
    EXPECT_TRUE(IsPacked(served.image_encoder.blocks[n].lin2.weight));
    EXPECT_FALSE(IsPacked(trained.image_encoder.blocks[n].lin2.weight));
  }
}

}  // namespace
}  // namespace sgpsam
