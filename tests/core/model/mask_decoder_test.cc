#include "core/model/mask_decoder.h"

#include <ATen/ATen.h>

#include <string>

#include "core/model/sgp_sam.h"
#include "gtest/gtest.h"
#include "tests/core/model/model_fixture.h"
#include "tests/oracle/plain_decoder.h"

namespace sgpsam {
namespace {

class DecoderTest : public testing::Test {
 protected:
  const c10::InferenceMode inference_mode_;
  const ModelConfig config_ = PlainTinyConfig();
  const TensorFile file_ = SeededModel(config_, /*seed=*/4);
  const SgpSam model_ = MustLoad(file_, config_);
  const PlainDecoder plain_{file_, config_};
  const at::Tensor embedding_ = at::sin(at::arange(24 * 512).to(at::kFloat)).view({1, 24, 8, 8, 8});
  const at::Tensor logits_ = 3 * at::cos(at::arange(32 * 32 * 32).to(at::kFloat)).view({32, 32, 32});
};

void ExpectSame(const Decoded& a, const Decoded& b) {
  EXPECT_EQ(a.low_res.sizes(), b.low_res.sizes());
  EXPECT_LE(MaxDifference(a.low_res, b.low_res), 2e-5);
  EXPECT_LE(MaxDifference(a.iou, b.iou), 1e-5);
}

TEST_F(DecoderTest, EqualsThePlainOneWithAMaskOfZeros) {
  for (size_t clicks = 1; clicks <= 3; ++clicks) {
    const Prompt prompt{GoldenClicks(clicks), MaskPrompt::kZero, {}};
    ExpectSame(DecodePrompts(model_, {embedding_}, {prompt}),
               plain_.Decode(embedding_, prompt.clicks, at::zeros({1, 1, 32, 32, 32}), MaskOutput::kSingle));
  }
}

TEST_F(DecoderTest, EqualsThePlainOneWithPreviousLogits) {
  const Prompt prompt{GoldenClicks(2), MaskPrompt::kLogits, logits_};
  ExpectSame(DecodePrompts(model_, {embedding_}, {prompt}),
             plain_.Decode(embedding_, prompt.clicks, logits_.view({1, 1, 32, 32, 32}), MaskOutput::kSingle));
}

TEST_F(DecoderTest, EqualsThePlainOneWithoutMaskAndForAllOtherMasks) {
  const Prompt prompt{GoldenClicks(1), MaskPrompt::kNone, {}};
  const Decoded decoded = DecodePrompts(model_, {embedding_}, {prompt}, MaskOutput::kMulti);
  EXPECT_EQ(decoded.low_res.size(1), config_.multimask_outputs);
  ExpectSame(decoded, plain_.Decode(embedding_, prompt.clicks, {}, MaskOutput::kMulti));
}

TEST_F(DecoderTest, GivesEachPromptOfABatchWhatItGivesItAlone) {
  const std::vector<Prompt> prompts{{GoldenClicks(2), MaskPrompt::kZero, {}},
                                    {{{3, 100, 9, true}, {4, 5, 6, false}}, MaskPrompt::kLogits, logits_}};
  const at::Tensor embeddings = at::cat({embedding_, embedding_.flip(1)});
  const Decoded together = DecodePrompts(model_, {embeddings}, prompts);
  for (int64_t n = 0; n < 2; ++n) {
    const Decoded alone =
        DecodePrompts(model_, {embeddings.narrow(0, n, 1)}, {prompts[static_cast<size_t>(n)]});
    EXPECT_LE(MaxDifference(together.low_res[n], alone.low_res[0]), 1e-5);
  }
}

TEST_F(DecoderTest, LeavesTheEmbeddingAsItWas) {
  const at::Tensor before = embedding_.clone();
  DecodePrompts(model_, {embedding_}, {Prompt{GoldenClicks(1), MaskPrompt::kZero, {}}});
  EXPECT_TRUE(at::equal(embedding_, before));
}

class BoxDecoderTest : public testing::TestWithParam<ModelConfig> {
 protected:
  const c10::InferenceMode inference_mode_;
  const ModelConfig config_ = GetParam();
  const TensorFile file_ = SeededModel(config_, /*seed=*/5);
  const SgpSam model_ = MustLoad(file_, config_);
  const PlainDecoder plain_{file_, config_};
  const at::Tensor embedding_ = at::sin(at::arange(24 * 512).to(at::kFloat)).view({1, 24, 8, 8, 8});
  const BoxCorners box_{{5, 6.5f, 7}, {40, 41, 63}};
};

TEST_P(BoxDecoderTest, EqualsThePlainOneWithABoxAloneAndWithClicks) {
  for (size_t clicks = 0; clicks <= 2; ++clicks) {
    Prompt prompt{GoldenClicks(clicks), MaskPrompt::kZero, {}};
    for (Click& click : prompt.clicks) click.i -= 40;  // inside 64 voxels too
    prompt.box = box_;
    ExpectSame(DecodePrompts(model_, {embedding_}, {prompt}),
               plain_.Decode(embedding_, prompt.clicks, at::zeros({1, 1, 32, 32, 32}), MaskOutput::kSingle,
                             prompt.box));
  }
}

TEST_P(BoxDecoderTest, TellsTheCornersApart) {
  const auto decode = [&](const BoxCorners& box) {
    Prompt prompt;
    prompt.box = box;
    return DecodePrompts(model_, {embedding_}, {prompt}).low_res;
  };
  EXPECT_GT(MaxDifference(decode(box_), decode({box_.high, box_.low})), 1e-3);
}

TEST_P(BoxDecoderTest, EqualsThePlainOneWithoutABox) {
  const Prompt prompt{{{20, 30, 40, true}}, MaskPrompt::kZero, {}};
  ExpectSame(DecodePrompts(model_, {embedding_}, {prompt}),
             plain_.Decode(embedding_, prompt.clicks, at::zeros({1, 1, 32, 32, 32}), MaskOutput::kSingle));
}

INSTANTIATE_TEST_SUITE_P(Patch, BoxDecoderTest, testing::Values(BoxTinyConfig(), Patch64TinyConfig()),
                         [](const auto& info) { return std::to_string(info.param.patch); });

// A swap of axes would move a click on the first axis like one on the second.
TEST_F(DecoderTest, TellsTheAxesOfAClickApart) {
  const auto decode = [&](const Click& click) {
    return DecodePrompts(model_, {embedding_}, {Prompt{{click}, MaskPrompt::kZero, {}}}).low_res;
  };
  EXPECT_GT(MaxDifference(decode({100, 20, 20, true}), decode({20, 100, 20, true})), 1e-3);
  EXPECT_GT(MaxDifference(decode({20, 20, 20, true}), decode({20, 20, 20, false})), 1e-3);
}

}  // namespace
}  // namespace sgpsam
