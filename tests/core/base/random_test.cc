#include "core/base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

namespace sgpsam {
namespace {

std::vector<uint64_t> First(uint64_t seed, int count) {
  Random random(seed);
  std::vector<uint64_t> numbers;
  for (int n = 0; n < count; ++n) numbers.push_back(random.Next());
  return numbers;
}

// From the algorithm written down in Python's unbounded integers; those of seed 0 and 1234567 are the
// ones that other implementations publish.
TEST(Random, IsSplitMix64) {
  EXPECT_EQ(First(0, 3), (std::vector<uint64_t>{0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f}));
  EXPECT_EQ(First(1234567, 5),
            (std::vector<uint64_t>{6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                   4593380528125082431u, 16408922859458223821u}));
  EXPECT_EQ(First(~uint64_t{0}, 2), (std::vector<uint64_t>{0xe4d971771b652c20, 0xe99ff867dbf682c9}));
}

TEST(Random, MixIsWhatItDoesToItsState) {
  Random random(7);
  const uint64_t first = random.Next();
  EXPECT_EQ(Random::Mix(random.state()), first);
  EXPECT_EQ(Random::Mix(0), 0u);
}

TEST(Random, UniformTakesTheUpper53Bits) {
  Random random(7);
  EXPECT_EQ(random.Uniform(), 0.3898297483912715);
  EXPECT_EQ(random.Uniform(), 0.01678829452815611);
  EXPECT_EQ(random.Uniform(), 0.9007606806068834);
}

// Seeds whose first number is 0, and 2^64 - 1.
constexpr uint64_t kGivesZero = 0x61c8864680b583eb, kGivesAllOnes = 0x31628af67b2131ab;

TEST(Random, UniformIsBelowOne) {
  ASSERT_EQ(Random(kGivesZero).Next(), 0u);
  ASSERT_EQ(Random(kGivesAllOnes).Next(), ~uint64_t{0});
  EXPECT_EQ(Random(kGivesZero).Uniform(), 0);
  EXPECT_EQ(Random(kGivesAllOnes).Uniform(), 1 - 0x1p-53);
}

TEST(Random, BelowIsWhatPythonComputes) {
  Random random(7);
  for (const uint64_t expected : {3, 0, 9, 5, 4, 2, 4, 3}) EXPECT_EQ(random.Below(10), expected);
}

// Of 2^64 numbers, 2^63 - 1 are too many for an equal share: about every second is drawn again.
TEST(Random, BelowDrawsAgainWhereNumbersWouldBeUnequallyLikely) {
  Random random(7);
  const uint64_t n = (uint64_t{1} << 63) + 1;
  for (const uint64_t expected :
       {0x31e5f0f22c9906eb, 0x734c20405d589501, 0x1fed5f4365df5508, 0x112f603d4ca833b0}) {
    EXPECT_EQ(random.Below(n), expected);
  }
}

TEST(Random, BelowOneIsZeroAndBelowReachesBothEnds) {
  Random random(3);
  EXPECT_EQ(random.Below(1), 0u);
  std::array<int, 6> counts{};
  for (int n = 0; n < 6000; ++n) ++counts.at(random.Below(6));
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

// Python's statistics.NormalDist().inv_cdf of (Next() >> 12 + 0.5) / 2^52.
TEST(Random, NormalIsTheQuantileThatPythonComputes) {
  Random random(7);
  for (const double expected :
       {-0.279762796054254, -2.1251201448166217, 1.2858980659349784, 0.20939561714359678}) {
    EXPECT_NEAR(random.Normal(), expected, 1e-14);
  }
  EXPECT_NEAR(Random(kGivesZero).Normal(), -8.209536151601386, 1e-12);
  EXPECT_NEAR(Random(kGivesAllOnes).Normal(), 8.209536151601386, 1e-12);
}

TEST(Random, NormalHasTheMomentsOfTheNormalDistribution) {
  Random random(11);
  constexpr int kDraws = 200000;
  double sum = 0, squares = 0, fourths = 0;
  for (int n = 0; n < kDraws; ++n) {
    const double x = random.Normal();
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.01);
  EXPECT_NEAR(squares / kDraws, 1, 0.01);
  EXPECT_NEAR(fourths / kDraws, 3, 0.1);
}

TEST(Random, GoesOnFromItsState) {
  Random random(5);
  random.Next();
  Random resumed(random.state());
  EXPECT_EQ(resumed.Next(), random.Next());
  EXPECT_EQ(resumed.Normal(), random.Normal());
}

TEST(Random, NeighbouringSeedsShareNoNumbers) {
  std::set<uint64_t> seen;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    for (const uint64_t number : First(seed, 100)) EXPECT_TRUE(seen.insert(number).second);
  }
}

}  // namespace
}  // namespace sgpsam
