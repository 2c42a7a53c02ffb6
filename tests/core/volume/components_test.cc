#include "core/volume/components.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "tests/support/mask_shapes.h"

namespace sgpsam {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Mask MaskOfVoxels(const Shape& shape, const std::vector<Voxel>& voxels) {
  Mask mask(shape);
  for (const Voxel& v : voxels) mask.Set(v.i, v.j, v.k);
  return mask;
}

bool Neighbours(const Voxel& step, Connectivity connectivity) {
  const int64_t axes = std::abs(step.i) + std::abs(step.j) + std::abs(step.k);
  return axes > 0 && (connectivity == Connectivity::k26 || axes == 1);
}

// The 26 ways to a neighbouring voxel.
template <typename Visitor>
void ForEachStep(Visitor&& visit) {
  ForEachVoxel(Shape{3, 3, 3}, [&](const Voxel& v) {
    if (v.i != 1 || v.j != 1 || v.k != 1) visit(Voxel{v.i - 1, v.j - 1, v.k - 1});
  });
}

// The same by its definition: floods from each set voxel in turn, over a list.
std::vector<Mask> Flooded(const Mask& mask, Connectivity connectivity) {
  const Shape& shape = mask.shape();
  Mask seen(shape);
  std::vector<Mask> components;
  ForEachVoxel(shape, [&](const Voxel& start) {
    if (!Has(mask, start) || Has(seen, start)) return;
    Mask component(shape);
    std::vector<Voxel> waiting{start};
    while (!waiting.empty()) {
      const Voxel v = waiting.back();
      waiting.pop_back();
      if (Has(seen, v)) continue;
      seen.Set(v.i, v.j, v.k);
      component.Set(v.i, v.j, v.k);
      ForEachStep([&](const Voxel& step) {
        const Voxel to{v.i + step.i, v.j + step.j, v.k + step.k};
        if (to.i < 0 || to.j < 0 || to.k < 0 || to.i >= shape.i || to.j >= shape.j || to.k >= shape.k) return;
        if (Neighbours(step, connectivity) && Has(mask, to)) waiting.push_back(to);
      });
    }
    components.push_back(component);
  });
  return components;
}

TEST(FindComponents, FindsNoneInAnEmptyMask) {
  const Components found = FindComponents(Mask(Shape{5, 3, 7}));
  EXPECT_EQ(found.count(), 0u);
  EXPECT_THAT(found.runs, IsEmpty());
  EXPECT_EQ(FindComponents(Mask()).count(), 0u);
}

TEST(FindComponents, TakesAFullMaskForOne) {
  const Components found = FindComponents(BoxMask({5, 3, 7}, {0, 0, 0}, {5, 3, 7}), Connectivity::k6);
  EXPECT_THAT(found.voxels, ElementsAre(105));
  EXPECT_EQ(found.runs.size(), 21u) << "one run a row: rows that follow each other are not side by side";
}

TEST(FindComponents, NumbersByTheFirstVoxelAndCountsVoxels) {
  const Components found =
      FindComponents(MaskOfVoxels({9, 4, 4}, {{7, 0, 0}, {8, 0, 0}, {0, 0, 0}, {3, 3, 3}, {0, 1, 1}}));
  EXPECT_THAT(found.voxels, ElementsAre(2, 2, 1));
  ASSERT_EQ(found.runs_of(0).size(), 2u) << "they lie together although the second component is between them";
  EXPECT_EQ(found.runs_of(0)[1].k, 1);
  ASSERT_EQ(found.runs_of(1).size(), 1u);
  EXPECT_EQ(found.runs_of(1)[0].begin, 7);
  EXPECT_EQ(found.runs_of(1)[0].end, 9);
}

TEST(FindComponents, EndsOfRowsAndSlicesAreNotNeighbours) {
  EXPECT_EQ(FindComponents(MaskOfVoxels({4, 4, 4}, {{3, 0, 0}, {0, 1, 0}})).count(), 2u);
  EXPECT_EQ(FindComponents(MaskOfVoxels({4, 4, 4}, {{1, 3, 0}, {1, 0, 1}})).count(), 2u);
}

TEST(FindComponents, KnowsEachOfTheTwentySixNeighbours) {
  ForEachStep([](const Voxel& step) {
    const Mask mask = MaskOfVoxels({5, 5, 5}, {{2, 2, 2}, {2 + step.i, 2 + step.j, 2 + step.k}});
    EXPECT_EQ(FindComponents(mask, Connectivity::k26).count(), 1u);
    EXPECT_EQ(FindComponents(mask, Connectivity::k6).count(), Neighbours(step, Connectivity::k6) ? 1u : 2u);
  });
}

TEST(FindComponents, JoinsBranchesThatMeetLate) {
  // A comb whose teeth meet in the last row only, and another that hangs on it through one slice.
  Mask mask = MaskWhere({21, 8, 3}, [](const Voxel& v) { return v.k == 0 && (v.i % 2 == 0 || v.j == 7); });
  EXPECT_EQ(FindComponents(mask, Connectivity::k6).count(), 1u);
  mask.Set(20, 0, 1);
  mask.Set(20, 0, 2);
  EXPECT_THAT(FindComponents(mask, Connectivity::k6).voxels, ElementsAre(11 * 8 + 10 + 2));
}

TEST(FindComponents, AgreesWithFloodingOnNoiseOfEveryDensity) {
  Random random(3);
  for (const Connectivity connectivity : {Connectivity::k6, Connectivity::k26}) {
    for (const double probability : {0.03, 0.1, 0.25, 0.35, 0.6, 0.9}) {
      for (const Shape& shape : {Shape{17, 9, 8}, Shape{1, 12, 9}, Shape{40, 1, 1}, Shape{6, 30, 1}}) {
        const Mask mask = NoiseMask(shape, probability, random);
        const Components found = FindComponents(mask, connectivity);
        const std::vector<Mask> expected = Flooded(mask, connectivity);
        ASSERT_EQ(found.count(), expected.size());
        for (size_t n = 0; n < found.count(); ++n) {
          EXPECT_EQ(MaskOf(shape, found.runs_of(n)).bits(), expected[n].bits());
          EXPECT_EQ(static_cast<uint64_t>(found.voxels[n]), expected[n].CountVoxels());
        }
      }
    }
  }
}

TEST(FindComponents, FollowsASnakeThroughTheWholeVolume) {
  // As deep as recursion would go: every voxel of the path has two neighbours.
  const Shape shape{101, 101, 31};
  const Mask mask = MaskWhere(shape, [](const Voxel& v) {
    if (v.k % 2 == 1) return v.i == v.j && v.i == (v.k % 4 == 1 ? 100 : 0);
    return v.j % 2 == 0 || v.i == (v.j % 4 == 1 ? 100 : 0);
  });
  EXPECT_EQ(FindComponents(mask, Connectivity::k6).count(), 1u);
}

TEST(Components, LargestHasTheMostVoxelsAndIsTheFirstOfEquals) {
  const Components found =
      FindComponents(MaskOfVoxels({9, 9, 1}, {{0, 0, 0}, {4, 0, 0}, {5, 0, 0}, {0, 4, 0}, {0, 5, 0}}));
  EXPECT_THAT(found.voxels, ElementsAre(1, 2, 2));
  EXPECT_EQ(found.largest(), 1u);
}

}  // namespace
}  // namespace sgpsam
