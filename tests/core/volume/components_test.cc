#include "core/volume/components.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <vector>

namespace sgpsam {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kFaces = Connectivity::kFaces;
constexpr auto kAll = Connectivity::kFacesEdgesAndCorners;

Mask MaskOf(const Shape& shape, const std::vector<std::array<int64_t, 3>>& voxels) {
  Mask mask(shape);
  for (const auto& [i, j, k] : voxels) mask.Set(i, j, k);
  return mask;
}

// A component for every voxel, -1 where none is.
std::vector<int64_t> Labels(const Shape& shape, const Components& components) {
  std::vector<int64_t> labels(static_cast<size_t>(shape.voxels()), -1);
  for (const ComponentRun& run : components.runs) {
    std::fill_n(labels.begin() + run.begin, run.length, run.component);
  }
  return labels;
}

bool Neighbours(const std::array<int64_t, 3>& step, Connectivity connectivity) {
  const int64_t axes = std::abs(step[0]) + std::abs(step[1]) + std::abs(step[2]);
  return axes > 0 && (connectivity == kAll || axes == 1);
}

// The same by its definition: floods from each set voxel in turn, over a list.
std::vector<int64_t> Flooded(const Mask& mask, Connectivity connectivity) {
  const Shape& shape = mask.shape();
  std::vector<int64_t> labels(static_cast<size_t>(shape.voxels()), -1);
  const auto label = [&](const std::array<int64_t, 3>& v) -> int64_t& {
    return labels[static_cast<size_t>((v[2] * shape.j + v[1]) * shape.i + v[0])];
  };
  const auto inside = [&](const std::array<int64_t, 3>& v) {
    return v[0] >= 0 && v[0] < shape.i && v[1] >= 0 && v[1] < shape.j && v[2] >= 0 && v[2] < shape.k;
  };
  int64_t count = 0;
  for (int64_t n = 0; n < shape.voxels(); ++n) {
    std::vector<std::array<int64_t, 3>> waiting{{n % shape.i, n / shape.i % shape.j, n / shape.i / shape.j}};
    if (!mask.at(waiting[0][0], waiting[0][1], waiting[0][2]) || label(waiting[0]) >= 0) continue;
    label(waiting[0]) = count;
    while (!waiting.empty()) {
      const std::array<int64_t, 3> at = waiting.back();
      waiting.pop_back();
      for (int64_t s = 0; s < 27; ++s) {
        const std::array<int64_t, 3> step{s % 3 - 1, s / 3 % 3 - 1, s / 9 - 1};
        const std::array<int64_t, 3> next{at[0] + step[0], at[1] + step[1], at[2] + step[2]};
        if (!Neighbours(step, connectivity) || !inside(next)) continue;
        if (!mask.at(next[0], next[1], next[2]) || label(next) >= 0) continue;
        label(next) = count;
        waiting.push_back(next);
      }
    }
    ++count;
  }
  return labels;
}

TEST(FindComponents, FindsNoneInAnEmptyMask) {
  const Components found = FindComponents(Mask(Shape{5, 3, 7}), kAll);
  EXPECT_EQ(found.count(), 0);
  EXPECT_THAT(found.runs, IsEmpty());
}

TEST(FindComponents, TakesAFullMaskForOne) {
  const Shape shape{5, 3, 7};
  Mask mask(shape);
  for (int64_t k = 0; k < 7; ++k) {
    for (int64_t j = 0; j < 3; ++j) mask.SetRow(0, j, k, std::vector<uint8_t>(5, 1));
  }
  const Components found = FindComponents(mask, kFaces);
  EXPECT_THAT(found.voxels, ElementsAre(105));
  EXPECT_EQ(found.runs.size(), 21u) << "one run a row: rows that follow each other are not side by side";
}

TEST(FindComponents, NumbersByTheFirstVoxelAndCountsVoxels) {
  const Components found =
      FindComponents(MaskOf({9, 4, 4}, {{7, 0, 0}, {8, 0, 0}, {0, 0, 0}, {3, 3, 3}}), kAll);
  EXPECT_THAT(found.voxels, ElementsAre(1, 2, 1));
  ASSERT_EQ(found.runs.size(), 3u);
  EXPECT_EQ(found.runs[1].begin, 7);
  EXPECT_EQ(found.runs[1].length, 2);
  EXPECT_EQ(found.runs[1].component, 1);
}

TEST(FindComponents, EndsOfRowsAndSlicesAreNotNeighbours) {
  EXPECT_EQ(FindComponents(MaskOf({4, 4, 4}, {{3, 0, 0}, {0, 1, 0}}), kAll).count(), 2);
  EXPECT_EQ(FindComponents(MaskOf({4, 4, 4}, {{1, 3, 0}, {1, 0, 1}}), kAll).count(), 2);
}

TEST(FindComponents, KnowsEachOfTheTwentySixNeighbours) {
  for (int64_t s = 0; s < 27; ++s) {
    const std::array<int64_t, 3> step{s % 3 - 1, s / 3 % 3 - 1, s / 9 - 1};
    if (!Neighbours(step, kAll)) continue;
    const Mask mask = MaskOf({5, 5, 5}, {{2, 2, 2}, {2 + step[0], 2 + step[1], 2 + step[2]}});
    EXPECT_EQ(FindComponents(mask, kAll).count(), 1) << s;
    EXPECT_EQ(FindComponents(mask, kFaces).count(), Neighbours(step, kFaces) ? 1 : 2) << s;
  }
}

TEST(FindComponents, JoinsBranchesThatMeetLate) {
  // A comb whose teeth meet in the last row only, and another that hangs on it through one slice.
  Mask mask(Shape{21, 8, 3});
  for (int64_t i = 0; i < 21; i += 2) {
    for (int64_t j = 0; j < 8; ++j) mask.Set(i, j, 0);
  }
  mask.SetRow(0, 7, 0, std::vector<uint8_t>(21, 1));
  EXPECT_EQ(FindComponents(mask, kFaces).count(), 1);
  mask.Set(20, 0, 1);
  mask.Set(20, 0, 2);
  EXPECT_THAT(FindComponents(mask, kFaces).voxels, ElementsAre(11 * 8 + 10 + 2));
}

TEST(FindComponents, AgreesWithFloodingOnNoiseOfEveryDensity) {
  std::mt19937 random(7);
  for (const uint32_t percent : {2u, 10u, 20u, 30u, 45u, 60u, 90u}) {
    const Shape shape{11 + percent % 7, 9, 8};
    Mask mask(shape);
    for (int64_t n = 0; n < shape.voxels(); ++n) {
      if (random() % 100 < percent) mask.Set(n % shape.i, n / shape.i % shape.j, n / shape.i / shape.j);
    }
    for (const Connectivity connectivity : {kFaces, kAll}) {
      const Components found = FindComponents(mask, connectivity);
      const std::vector<int64_t> labels = Flooded(mask, connectivity);
      EXPECT_EQ(Labels(shape, found), labels) << percent;
      for (int64_t c = 0; c < found.count(); ++c) {
        EXPECT_EQ(found.voxels[static_cast<size_t>(c)], std::count(labels.begin(), labels.end(), c));
      }
    }
  }
}

TEST(FindComponents, FollowsASnakeThroughTheWholeVolume) {
  // As deep as recursion would go: every voxel of the path has two neighbours.
  const Shape shape{101, 101, 31};
  Mask mask(shape);
  for (int64_t k = 0; k < shape.k; k += 2) {
    for (int64_t j = 0; j < shape.j; ++j) {
      if (j % 2 == 0) mask.SetRow(0, j, k, std::vector<uint8_t>(101, 1));
      if (j % 2 == 1) mask.Set(j % 4 == 1 ? 100 : 0, j, k);
    }
    if (k + 1 < shape.k) mask.Set(k % 4 == 0 ? 100 : 0, k % 4 == 0 ? 100 : 0, k + 1);
  }
  EXPECT_EQ(FindComponents(mask, kFaces).count(), 1);
}

}  // namespace
}  // namespace sgpsam
