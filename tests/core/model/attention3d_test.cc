#include "core/model/attention3d.h"

#include <ATen/ATen.h>

#include "core/model/tensor_map.h"
#include "gtest/gtest.h"
#include "tests/core/model/model_fixture.h"

namespace sgpsam {
namespace {

constexpr char kWindowed[] = "image_encoder.blocks.0.attn";
constexpr char kGlobal[] = "image_encoder.blocks.1.attn";

// Both in float32; the collapsed attention itself is compared with the padded one in image_encoder_test.cc.
void ExpectFoldingsAgree(const char* name, int span) {
  const c10::InferenceMode inference_mode;
  const ModelConfig config = PlainTinyConfig();
  const TensorFile file = SeededModel(config, /*seed=*/3);
  const TensorMap tensors(TensorsOf(file), at::kCPU, at::kFloat);
  const Attention3d attention = LoadAttention3d(tensors, name, config, span);
  const at::Tensor x = at::sin(at::arange(2 * 512 * config.embed_dim).to(at::kFloat)).view({2, 512, -1});
  AttentionScratch last_axis = MakeAttentionScratch(config, 2, at::kCPU, at::kFloat, Folding::kLastAxis);
  AttentionScratch all = MakeAttentionScratch(config, 2, at::kCPU, at::kFloat, Folding::kAll);
  EXPECT_LE(MaxDifference(Attend(attention, x, last_axis), Attend(attention, x, all)), 2e-6);
}

TEST(Attention3d, IsTheSameInAFusedKernelWithPadding) { ExpectFoldingsAgree(kWindowed, 14); }

TEST(Attention3d, IsTheSameInAFusedKernelWithoutPadding) { ExpectFoldingsAgree(kGlobal, 8); }

TEST(Attention3d, LeavesNothingInTheScratchThatTheNextBlockSees) {
  const c10::InferenceMode inference_mode;
  const ModelConfig config = PlainTinyConfig();
  const TensorFile file = SeededModel(config, /*seed=*/3);
  const TensorMap tensors(TensorsOf(file), at::kCPU, at::kFloat);
  const Attention3d windowed = LoadAttention3d(tensors, kWindowed, config, 14);
  const Attention3d global = LoadAttention3d(tensors, kGlobal, config, 8);
  const at::Tensor x = at::cos(at::arange(512 * config.embed_dim).to(at::kFloat)).view({1, 512, -1});
  AttentionScratch fresh = MakeAttentionScratch(config, 1, at::kCPU, at::kFloat, Folding::kLastAxis);
  AttentionScratch used = MakeAttentionScratch(config, 1, at::kCPU, at::kFloat, Folding::kLastAxis);
  const at::Tensor expected = Attend(global, x, fresh);
  Attend(windowed, x * 5, used);
  EXPECT_TRUE(at::equal(Attend(global, x, used), expected));
}

}  // namespace
}  // namespace sgpsam
