#include "tools/synthesis/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tools/synthesis/smooth_field.h"

namespace sgpsam::synthesis {
namespace {

TEST(Random, RepeatsItselfForTheSameSeedOnly) {
  Random a(7), b(7), c(8);
  for (int n = 0; n < 100; ++n) {
    const uint64_t value = a.Next();
    EXPECT_EQ(value, b.Next());
    EXPECT_NE(value, c.Next());
  }
}

TEST(Random, ForksAreStreamsOfTheirOwn) {
  const Random parent(7);
  EXPECT_EQ(parent.Fork(1).Next(), parent.Fork(1).Next());
  EXPECT_NE(parent.Fork(1).Next(), parent.Fork(2).Next());
  EXPECT_NE(parent.Fork(1).Next(), Random(8).Fork(1).Next());
  Random used = parent;
  used.Next();
  EXPECT_NE(parent.Fork(1).Next(), used.Fork(1).Next());
}

TEST(Random, DrawsWhatItSays) {
  Random random(1);
  constexpr int kDraws = 100000;
  double sum = 0, squares = 0, logs = 0;
  std::array<int, 5> counts{};
  for (int n = 0; n < kDraws; ++n) {
    const double normal = random.Normal();
    sum += normal;
    squares += normal * normal;
    const float u = random.Uniform(-2, 3), l = random.LogUniform(4, 64);
    EXPECT_TRUE(u >= -2 && u < 3 && l >= 3.999f && l < 64.001f);
    logs += std::log2(l);
    ++counts[random.Below(5)];
    EXPECT_NEAR(Length(random.Direction()), 1, 1e-5);
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.02);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
  EXPECT_NEAR(logs / kDraws, 4, 0.03);
  for (const int count : counts) EXPECT_NEAR(count, kDraws / 5, kDraws / 50);
}

TEST(SmoothField, StaysInItsRangeAndSlope) {
  const SmoothField field(6, Random(3));
  Random random(4);
  for (int n = 0; n < 10000; ++n) {
    const BodyPoint p{random.Uniform(-400, 400), random.Uniform(-400, 400), random.Uniform(-400, 400)};
    const float here = field.At(p), there = field.At(p + random.Direction() * 0.01f);
    EXPECT_LE(std::abs(here), 1);
    EXPECT_LE(std::abs(there - here) / 0.01f, 1.75f * 3 / 6);  // three axes at worst
  }
}

}  // namespace
}  // namespace sgpsam::synthesis
