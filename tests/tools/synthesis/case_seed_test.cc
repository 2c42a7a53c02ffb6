#include "tools/synthesis/case_seed.h"

#include <gtest/gtest.h>

#include <set>

namespace sgpsam::synthesis {
namespace {

constexpr Split kSplits[] = {Split::kTrain, Split::kValidation, Split::kTest, Split::kPretrain};

// By construction: the two highest bits are the split and nothing else reaches them, so that the ranges of
// the splits do not meet, whatever the other bits are.
static_assert(CaseSeed(Split::kTrain, kMaxRunSeed, ~uint32_t{0}) < CaseSeed(Split::kValidation, 0, 0));
static_assert(CaseSeed(Split::kValidation, kMaxRunSeed, ~uint32_t{0}) < CaseSeed(Split::kTest, 0, 0));
static_assert(CaseSeed(Split::kTest, kMaxRunSeed, ~uint32_t{0}) < CaseSeed(Split::kPretrain, 0, 0));

TEST(CaseSeed, NeverCrossesFromOneSplitIntoAnother) {
  for (const Split split : kSplits) {
    for (const uint32_t run_seed : {0u, 1u, 7u, kMaxRunSeed, ~uint32_t{0}}) {  // even beyond its range
      for (const uint32_t index : {0u, 1u, 12345u, ~uint32_t{0}}) {
        EXPECT_EQ(SplitOf(CaseSeed(split, run_seed, index)), split);
      }
    }
  }
}

TEST(CaseSeed, IsAnotherOneForEveryCase) {
  std::set<uint64_t> seeds;
  for (const Split split : kSplits) {
    for (uint32_t run_seed = 0; run_seed < 20; ++run_seed) {
      for (uint32_t index = 0; index < 200; ++index) seeds.insert(CaseSeed(split, run_seed, index));
    }
  }
  EXPECT_EQ(seeds.size(), 4u * 20 * 200);
}

TEST(CaseSeed, NamesOfSplitsReadBack) {
  for (const Split split : kSplits) EXPECT_EQ(ParseSplit(SplitName(split)), split);
  EXPECT_EQ(ParseSplit("Train"), std::nullopt);
  EXPECT_EQ(ParseSplit(""), std::nullopt);
}

}  // namespace
}  // namespace sgpsam::synthesis
