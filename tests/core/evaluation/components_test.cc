#include "core/evaluation/components.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/core/evaluation/mask_shapes.h"

namespace sgpsam {
namespace {

// By flooding from one voxel to its neighbours.
std::vector<Mask> FloodedComponents(const Mask& mask, Connectivity connectivity) {
  Mask seen(mask.shape());
  std::vector<Mask> components;
  ForEachVoxel(mask.shape(), [&](const Voxel& start) {
    if (!Has(mask, start) || Has(seen, start)) return;
    Mask component(mask.shape());
    std::vector<Voxel> waiting{start};
    while (!waiting.empty()) {
      const Voxel v = waiting.back();
      waiting.pop_back();
      if (Has(seen, v)) continue;
      seen.Set(v.i, v.j, v.k);
      component.Set(v.i, v.j, v.k);
      ForEachVoxel(Shape{3, 3, 3}, [&](const Voxel& step) {
        const Voxel to{v.i + step.i - 1, v.j + step.j - 1, v.k + step.k - 1};
        const auto moves = std::abs(step.i - 1) + std::abs(step.j - 1) + std::abs(step.k - 1);
        const Shape& shape = mask.shape();
        if (to.i < 0 || to.j < 0 || to.k < 0 || to.i >= shape.i || to.j >= shape.j || to.k >= shape.k) return;
        if ((connectivity == Connectivity::k26 || moves == 1) && Has(mask, to)) waiting.push_back(to);
      });
    }
    components.push_back(component);
  });
  return components;
}

TEST(Components, AreThoseOfFlooding) {
  Random random(3);
  for (const Connectivity connectivity : {Connectivity::k6, Connectivity::k26}) {
    for (const double probability : {0.03, 0.1, 0.25, 0.35, 0.6}) {
      for (const Shape& shape : {Shape{17, 9, 8}, Shape{1, 12, 9}, Shape{40, 1, 1}, Shape{6, 30, 1}}) {
        const Mask mask = NoiseMask(shape, probability, random);
        const std::vector<Component> found = ConnectedComponents(mask, connectivity);
        const std::vector<Mask> expected = FloodedComponents(mask, connectivity);
        ASSERT_EQ(found.size(), expected.size());
        for (size_t n = 0; n < found.size(); ++n) {
          EXPECT_EQ(MaskOf(shape, found[n].runs).bits(), expected[n].bits());
          EXPECT_EQ(found[n].voxels, expected[n].CountVoxels());
          EXPECT_EQ(found[n].box, BoundingBox(RunsOf(expected[n])));
        }
      }
    }
  }
}

TEST(Components, TouchAtACornerWith26NeighboursOnly) {
  Mask mask(Shape{4, 4, 4});
  mask.Set(1, 1, 1);
  mask.Set(2, 2, 2);
  EXPECT_EQ(ConnectedComponents(mask, Connectivity::k26).size(), 1u);
  EXPECT_EQ(ConnectedComponents(mask, Connectivity::k6).size(), 2u);
}

TEST(Components, DoNotReachAroundTheEndOfARow) {
  Mask mask(Shape{4, 3, 2});
  mask.Set(3, 0, 0);
  mask.Set(0, 1, 0);  // the next bit
  EXPECT_EQ(ConnectedComponents(mask).size(), 2u);
}

TEST(Components, OfAnEmptyMaskAreNone) {
  EXPECT_TRUE(ConnectedComponents(Mask(Shape{3, 3, 3})).empty());
  EXPECT_FALSE(LargestComponent(Mask(Shape{3, 3, 3})).has_value());
}

TEST(Components, LargestIsTheOneWithTheMostVoxels) {
  Random random(4);
  for (int round = 0; round < 20; ++round) {
    const Mask mask = NoiseMask(Shape{19, 9, 7}, 0.2, random);
    for (const Connectivity connectivity : {Connectivity::k6, Connectivity::k26}) {
      const std::vector<Component> all = ConnectedComponents(mask, connectivity);
      const auto expected = std::max_element(
          all.begin(), all.end(), [](const Component& a, const Component& b) { return a.voxels < b.voxels; });
      const std::optional<Component> largest = LargestComponent(mask, connectivity);
      ASSERT_TRUE(largest.has_value());
      EXPECT_EQ(MaskOf(mask.shape(), largest->runs).bits(), MaskOf(mask.shape(), expected->runs).bits());
      EXPECT_EQ(largest->voxels, expected->voxels);
      EXPECT_EQ(largest->box, expected->box);
    }
  }
}

}  // namespace
}  // namespace sgpsam
