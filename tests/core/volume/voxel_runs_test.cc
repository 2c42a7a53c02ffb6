#include "core/volume/voxel_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/mask_shapes.h"

namespace sgpsam {
namespace {

using Numbers = std::vector<std::array<int, 4>>;

Numbers NumbersOf(const std::vector<VoxelRun>& runs) {
  Numbers numbers;
  for (const VoxelRun& run : runs) numbers.push_back({run.begin, run.end, run.j, run.k});
  return numbers;
}

TEST(VoxelRuns, EndAtTheEndOfARow) {
  Mask mask(Shape{5, 3, 2});
  for (const auto& [i, j, k] : {Voxel{3, 0, 0}, {4, 0, 0}, {0, 1, 0}, {2, 1, 0}, {4, 2, 1}})
    mask.Set(i, j, k);
  EXPECT_EQ(NumbersOf(RunsOf(mask)), (Numbers{{3, 5, 0, 0}, {0, 1, 1, 0}, {2, 3, 1, 0}, {4, 5, 2, 1}}));
}

TEST(VoxelRuns, OfAnEmptyMaskAreNone) {
  EXPECT_TRUE(RunsOf(Mask(Shape{5, 3, 2})).empty());
  EXPECT_TRUE(BoundingBox({}).empty());
}

TEST(VoxelRuns, GiveTheMaskBack) {
  Random random(1);
  for (const double probability : {0.02, 0.5, 0.97, 1.0}) {
    const Mask mask = NoiseMask(Shape{37, 11, 7}, probability, random);
    const std::vector<VoxelRun> runs = RunsOf(mask);
    EXPECT_EQ(MaskOf(mask.shape(), runs).bits(), mask.bits());
    EXPECT_EQ(CountVoxels(runs), mask.CountVoxels());
  }
}

TEST(VoxelRuns, BoxHoldsAllOfThemAndNoRowMore) {
  Mask mask(Shape{20, 20, 20});
  mask.Set(7, 9, 3);
  mask.Set(5, 12, 4);
  mask.Set(11, 4, 8);
  EXPECT_EQ(BoundingBox(RunsOf(mask)), (VoxelBox{{5, 4, 3}, {12, 13, 9}}));
}

TEST(VoxelBox, UnionHoldsBothAndAnEmptyOneAddsNothing) {
  const VoxelBox a{{1, 5, 3}, {4, 6, 9}}, b{{2, 0, 0}, {9, 1, 4}};
  EXPECT_EQ(Union(a, b), (VoxelBox{{1, 0, 0}, {9, 6, 9}}));
  EXPECT_EQ(Union(b, a), Union(a, b));
  EXPECT_EQ(Union(a, {}), a);
  EXPECT_EQ(Union({}, a), a);
  EXPECT_TRUE(Union({}, {}).empty());
}

TEST(VoxelBox, FlagsAreZeroBeyondTheVolume) {
  Random random(2);
  const Mask mask = NoiseMask(Shape{13, 6, 5}, 0.5, random);
  for (const VoxelBox& box : {GrownByOne(VoxelBox{{0, 0, 0}, {13, 6, 5}}), VoxelBox{{3, 1, 2}, {11, 4, 4}},
                              VoxelBox{{-4, -3, -2}, {2, 2, 2}}, VoxelBox{{13, 0, 0}, {15, 2, 2}}}) {
    const std::vector<uint8_t> flags = FlagsIn(box, mask);
    size_t n = 0;
    ForEachVoxel(box.shape(), [&](const Voxel& at) {
      const Voxel v{at.i + box.begin.i, at.j + box.begin.j, at.k + box.begin.k};
      const bool within = v.i >= 0 && v.j >= 0 && v.k >= 0 && v.i < 13 && v.j < 6 && v.k < 5;
      ASSERT_EQ(flags.at(n++), within && Has(mask, v) ? 1 : 0);
    });
    EXPECT_EQ(n, flags.size());
  }
}

// Sets of voxels of a small volume, at random.
Mask RandomMask(const Shape& shape, uint32_t seed, int in_ten) {
  std::mt19937 random(seed);
  Mask mask(shape);
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) {
        if (static_cast<int>(random() % 10) < in_ten) mask.Set(i, j, k);
      }
    }
  }
  return mask;
}

TEST(VoxelRuns, AreSetsOfVoxels) {
  const Shape shape{13, 5, 4};
  const VoxelBox box{{3, -1, 1}, {11, 4, 9}};
  for (uint32_t seed = 0; seed < 50; ++seed) {
    const Mask a = RandomMask(shape, seed, static_cast<int>(seed % 11)),
               b = RandomMask(shape, seed + 1000, 4);
    const std::vector<VoxelRun> runs_a = RunsOf(a), runs_b = RunsOf(b);
    const Mask either = MaskOf(shape, UnionOf(runs_a, runs_b)), both = MaskOf(shape, InBoth(runs_a, runs_b)),
               alone = MaskOf(shape, InFirstAlone(runs_a, runs_b)),
               inside = MaskOf(shape, Inside(box, runs_a)), in_box = MaskOf(shape, RunsIn(box, a));
    std::vector<VoxelRun> mixed(runs_b);
    mixed.insert(mixed.begin(), runs_a.rbegin(), runs_a.rend());
    EXPECT_EQ(MaskOf(shape, Ordered(mixed)).bits(), either.bits());
    EXPECT_EQ(Ordered(mixed).size(), RunsOf(either).size());
    EXPECT_EQ(UnionOf(runs_a, runs_b).size(), RunsOf(either).size());
    for (int64_t k = 0; k < shape.k; ++k) {
      for (int64_t j = 0; j < shape.j; ++j) {
        for (int64_t i = 0; i < shape.i; ++i) {
          const bool in_a = a.at(i, j, k), in_b = b.at(i, j, k), boxed = i >= 3 && i < 11 && j < 4 && k >= 1;
          ASSERT_EQ(either.at(i, j, k), in_a || in_b);
          ASSERT_EQ(both.at(i, j, k), in_a && in_b);
          ASSERT_EQ(alone.at(i, j, k), in_a && !in_b);
          ASSERT_EQ(inside.at(i, j, k), in_a && boxed);
          ASSERT_EQ(in_box.at(i, j, k), in_a && boxed);
          ASSERT_EQ(Holds(runs_a, {i, j, k}), in_a);
        }
      }
    }
  }
}

}  // namespace
}  // namespace sgpsam
