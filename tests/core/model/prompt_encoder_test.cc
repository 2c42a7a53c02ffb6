#include "core/model/prompt_encoder.h"

#include <ATen/ATen.h>

#include "core/model/sgp_sam.h"
#include "gtest/gtest.h"
#include "tests/core/model/model_fixture.h"

namespace sgpsam {
namespace {

at::Tensor Encode(const PromptEncoder& encoder, absl::Span<const Click> clicks,
                  const std::optional<BoxCorners>& box = std::nullopt) {
  return EncodePoints(encoder, ToPoints(/*patch=*/128, clicks, box));
}

class PromptEncoderTest : public testing::Test {
 protected:
  const c10::InferenceMode inference_mode_;
  const ModelConfig config_ = PlainTinyConfig();
  const PromptEncoder encoder_ = MustLoad(SeededModel(config_, 1), config_).prompt_encoder;

  // A click's position without its label.
  at::Tensor Position(const Click& click) const {
    return Encode(encoder_, {click})[0] - encoder_.labels[click.positive ? kPositive : kNegative];
  }
};

TEST_F(PromptEncoderTest, AppendsATokenThatIsNotAPoint) {
  const at::Tensor tokens = Encode(encoder_, GoldenClicks(3));
  ASSERT_EQ(tokens.size(0), 4);
  EXPECT_TRUE(at::equal(tokens[3], encoder_.labels[kNotAPoint]));
}

// Token (2, 5, 7) covers voxels 32..47, 80..95, 112..127; its centre is between voxels, at index 39.5 and so
// on.
TEST_F(PromptEncoderTest, EncodesTheImagesTokensWithTheFirstTwoAxesSwapped) {
  const at::Tensor token = encoder_.dense_pe[(2 * 8 + 5) * 8 + 7];
  EXPECT_LE(MaxDifference(token, Position({87.5f, 39.5f, 119.5f, true})), 1e-5);
  EXPECT_GT(MaxDifference(token, Position({39.5f, 87.5f, 119.5f, true})), 1e-2);
}

TEST(PromptEncoder, AppendsABoxsCornersInsteadOfATokenThatIsNotAPoint) {
  const c10::InferenceMode inference_mode;
  const ModelConfig config = BoxTinyConfig();
  const PromptEncoder encoder = MustLoad(SeededModel(config, 1), config).prompt_encoder;
  ASSERT_EQ(encoder.labels.size(0), 5);
  const BoxCorners box{{10, 20, 30}, {40, 50, 60.5f}};
  const at::Tensor tokens = Encode(encoder, GoldenClicks(2), box);
  ASSERT_EQ(tokens.size(0), 4);
  EXPECT_TRUE(at::equal(tokens.narrow(0, 0, 2), Encode(encoder, GoldenClicks(2)).narrow(0, 0, 2)));
  // The corners as if they were clicks, but for the label.
  const std::vector<Click> corners{{10, 20, 30, true}, {40, 50, 60.5f, true}};
  const at::Tensor as_clicks = Encode(encoder, corners);
  for (int64_t n = 0; n < 2; ++n) {
    const at::Tensor expected = as_clicks[n] - encoder.labels[kPositive] + encoder.labels[kLowCorner + n];
    EXPECT_LE(MaxDifference(tokens[2 + n], expected), 1e-5);
  }
  EXPECT_TRUE(at::equal(Encode(encoder, {}, box), tokens.narrow(0, 2, 2)));
}

TEST_F(PromptEncoderTest, PreparesTheMaskOfZeros) {
  EXPECT_TRUE(at::equal(encoder_.zero_mask, EncodeMask(encoder_, at::zeros({1, 32, 32, 32}))[0]));
  EXPECT_GT(MaxDifference(encoder_.zero_mask, encoder_.no_mask), 1e-2) << "a mask of zeros is not no mask";
}

}  // namespace
}  // namespace sgpsam
