#include "core/looks/blend_looks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using ::testing::Each;
using ::testing::FloatEq;
using ::testing::FloatNear;

constexpr PatchSizes kSizes{.patch = 32, .embedding_channels = 4, .embedding_side = 2, .logits_side = 8};

LogitsBox LogitsOf(float everywhere, double spacing_mm) {
  const Placement placement =
      PlaceAround(TestGeometry({300, 300, 300}), {150, 150, 150}, kSizes.patch, spacing_mm);
  return OnePatch(std::vector<float>(512, everywhere), kSizes, placement);
}

std::vector<float> LogitsBlended(const LogitsBox& own, std::vector<OtherLook> others) {
  return BlendLooks(own, others).logits;
}

TEST(BlendLooks, WeighsAWiderLookByItsWeightAndSpacing) {
  EXPECT_THAT(LogitsBlended(LogitsOf(-1, 0.75), {{LogitsOf(3, 1.5), 0.5}}),
              Each(FloatEq((-1 + 0.25 * 3) / 1.25)));
  EXPECT_THAT(LogitsBlended(LogitsOf(-1, 0.75), {{LogitsOf(3, 1.5), 0.5}, {LogitsOf(2, 1), 0.25}}),
              Each(FloatEq((-1 + 0.25 * 3 + 0.1875 * 2) / 1.4375)));
}

TEST(BlendLooks, HearsAFinerLookWhereItHasSeen) {
  const std::vector<float> blended = LogitsBlended(LogitsOf(-1, 1.5), {{LogitsOf(3, 0.75), 0.5}});
  for (int64_t n = 0; n < 512; ++n) {
    const auto middle = [](int64_t cell) { return cell >= 2 && cell < 6; };
    const bool seen = middle(n / 64) && middle(n / 8 % 8) && middle(n % 8);
    EXPECT_FLOAT_EQ(blended[n], seen ? (-1 + 0.25f * 3) / 1.25f : -1.0f) << n;
  }
}

TEST(BlendLooks, LeavesASingleLookAsItIs) {
  const LogitsBox look = LogitsOf(0.3f, 1.5);
  const BlendedLooks blended = BlendLooks(look, {});
  EXPECT_EQ(blended.logits, look.values);
  EXPECT_THAT(blended.spread, Each(0.0f));
}

// Probabilities of 0.25 and 0.75, the second with half the weight of the first.
TEST(BlendLooks, SayHowFarTheyAreFromEachOther) {
  const float logit = std::log(3.0f);
  const std::vector<float> spread = BlendLooks(LogitsOf(-logit, 1.5), {{LogitsOf(logit, 1.5), 0.5}}).spread;
  EXPECT_THAT(spread, Each(FloatNear(0.5f * std::sqrt(2.0f) / 3, 1e-6f)));
  EXPECT_THAT(BlendLooks(LogitsOf(-logit, 1.5), {{LogitsOf(-logit, 1.5), 0.5}}).spread,
              Each(FloatNear(0, 1e-6f)));
}

}  // namespace
}  // namespace sgpsam
