#include "core/looks/local_change.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "core/looks/look_policy.h"

namespace sgpsam {
namespace {

constexpr PatchSizes kSizes{.patch = 32, .embedding_channels = 4, .embedding_side = 2, .logits_side = 8};

// Cells of 4 voxels; `inside` where a cell is marked.
class Logits {
 public:
  Logits() : values(512, -1) {}
  Logits& Mark(const std::array<int64_t, 3>& low, const std::array<int64_t, 3>& high, float value) {
    for (int64_t i = low[0]; i <= high[0]; ++i) {
      for (int64_t j = low[1]; j <= high[1]; ++j) {
        for (int64_t k = low[2]; k <= high[2]; ++k) values[(i * 8 + j) * 8 + k] = value;
      }
    }
    return *this;
  }

  std::vector<float> values;
};

Click At(float i, float j, float k, bool positive) { return {4 * i + 1, 4 * j + 2, 4 * k + 3, positive}; }

std::vector<float> Kept(const Logits& previous, const std::vector<Click>& clicks, Logits answer) {
  KeepWhatNoClickAsks(previous.values, clicks, kSizes, absl::MakeSpan(answer.values));
  return answer.values;
}

const Logits kBefore = Logits().Mark({2, 2, 2}, {3, 3, 3}, 2);

TEST(LocalChange, IsContradictedByClicksOnTheOtherSide) {
  EXPECT_FALSE(ContradictsAClick(kBefore.values, {}, kSizes));
  EXPECT_FALSE(ContradictsAClick(kBefore.values, {At(2, 2, 2, true), At(3, 3, 4, false)}, kSizes));
  EXPECT_TRUE(ContradictsAClick(kBefore.values, {At(2, 2, 2, true), At(3, 3, 4, true)}, kSizes));
  EXPECT_TRUE(ContradictsAClick(kBefore.values, {At(2, 2, 2, false)}, kSizes));
  const std::vector<float> unknown(512, 0.0f);
  EXPECT_TRUE(ContradictsAClick(unknown, {At(2, 2, 2, true)}, kSizes));
  EXPECT_TRUE(ContradictsAClick(unknown, {At(2, 2, 2, false)}, kSizes));
}

// kBefore has 8 cells, and the click is 3 cells beside it.
TEST(MostCellsAfter, GrowsWithWhatWasThereAndWithTheClicksDistance) {
  const double before = kLookPolicy.most_growth * 8;
  const double ball = 4 * std::numbers::pi / 3 * std::pow(3 * kLookPolicy.click_reach, 3);
  const Click beside = At(6, 3, 2, true), inside = At(2, 2, 2, true), wrong = At(3, 3, 3, false);
  EXPECT_DOUBLE_EQ(MostCellsAfter(kBefore.values, {}, kSizes), before);
  EXPECT_DOUBLE_EQ(MostCellsAfter(kBefore.values, {inside, wrong}, kSizes), before);
  EXPECT_DOUBLE_EQ(MostCellsAfter(kBefore.values, {inside, beside}, kSizes), before + ball);
  EXPECT_DOUBLE_EQ(MostCellsAfter(kBefore.values, {beside, At(3, 6, 3, true)}, kSizes), before + 2 * ball);
  EXPECT_TRUE(std::isinf(MostCellsAfter(Logits().values, {beside}, kSizes))) << "nothing to measure from";
}

TEST(LocalChange, IsNoneWhereNoClickContradicts) {
  Logits answer = Logits().Mark({2, 2, 2}, {5, 5, 5}, 3);
  const std::vector<float> kept = Kept(kBefore, {At(2, 2, 2, true), At(6, 6, 6, false)}, answer);
  for (size_t n = 0; n < kept.size(); ++n) EXPECT_EQ(kept[n] > 0, kBefore.values[n] > 0) << n;
  EXPECT_EQ(kept, kBefore.values);
}

TEST(LocalChange, IsWhatAClickAsksForAndNothingElse) {
  // Grown next to the click, shrunk at the other end, and another part far away.
  Logits answer = Logits().Mark({3, 2, 2}, {5, 3, 3}, 1).Mark({0, 7, 7}, {1, 7, 7}, 1);
  answer.Mark({2, 2, 2}, {2, 3, 3}, -1);
  Logits expected = answer;
  expected.Mark({2, 2, 2}, {2, 3, 3}, 2).Mark({0, 7, 7}, {1, 7, 7}, -1);
  EXPECT_EQ(Kept(kBefore, {At(2, 2, 2, true), At(5, 2, 2, true)}, answer), expected.values);
  // In a cell that did not change, but next to one that did.
  EXPECT_EQ(Kept(kBefore, {At(2, 2, 2, true), At(6, 3, 4, true)}, answer), expected.values);
  // A negative click takes away what it lies in.
  Logits shrunk = answer;
  shrunk.Mark({4, 2, 2}, {5, 3, 3}, -1).Mark({0, 7, 7}, {1, 7, 7}, -1);
  EXPECT_EQ(Kept(kBefore, {At(3, 3, 3, true), At(2, 2, 2, false)}, answer), shrunk.values);
}

TEST(LocalChange, LeavesAnAnswerToNothingAsItIs) {
  const Logits answer = Logits().Mark({2, 2, 2}, {5, 5, 5}, 3);
  Logits nothing;
  std::fill(nothing.values.begin(), nothing.values.end(), 0.0f);
  EXPECT_EQ(Kept(nothing, {At(4, 4, 4, true)}, answer), answer.values);
}

}  // namespace
}  // namespace sgpsam
