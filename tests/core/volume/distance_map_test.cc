#include "core/volume/distance_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/support/mask_shapes.h"

namespace sgpsam {
namespace {

constexpr std::array<double, 3> kAnisotropic{0.7, 1.3, 4.9};

std::vector<Voxel> SourcesIn(const Mask& mask, const VoxelBox& box) {
  std::vector<Voxel> sources;
  ForEachVoxel(mask.shape(), [&](const Voxel& v) {
    const bool in_box = v.i >= box.begin.i && v.j >= box.begin.j && v.k >= box.begin.k && v.i < box.end.i &&
                        v.j < box.end.j && v.k < box.end.k;
    if (in_box && Has(mask, v)) sources.push_back(v);
  });
  return sources;
}

// Every voxel against every source.
void ExpectExact(const Mask& mask, const VoxelBox& box, const std::array<double, 3>& spacing_mm) {
  const DistanceMap map = DistanceToMask(mask, box, spacing_mm);
  const std::vector<Voxel> sources = SourcesIn(mask, box);
  ASSERT_EQ(map.squared_mm2.size(), static_cast<size_t>(box.shape().voxels()));
  ForEachVoxel(box.shape(), [&](const Voxel& at) {
    const Voxel v{at.i + box.begin.i, at.j + box.begin.j, at.k + box.begin.k};
    double expected = std::numeric_limits<double>::infinity();
    for (const Voxel& w : sources) expected = std::min(expected, SquaredDistance(v, w, spacing_mm));
    if (sources.empty()) {
      ASSERT_TRUE(std::isinf(map.squared_at(v)));
    } else {
      ASSERT_NEAR(map.squared_at(v), expected, 1e-6 * expected) << v.i << " " << v.j << " " << v.k;
    }
  });
}

TEST(DistanceMap, IsWhatBruteForceFinds) {
  Random random(5);
  for (const auto& spacing_mm : {std::array<double, 3>{1, 1, 1}, kAnisotropic, {3.1, 0.2, 0.9}}) {
    for (const double probability : {0.002, 0.02, 0.2, 0.9}) {
      for (const Shape& shape : {Shape{13, 11, 9}, Shape{1, 17, 6}, Shape{23, 1, 7}, Shape{9, 14, 1}}) {
        const Mask mask = NoiseMask(shape, probability, random);
        ExpectExact(mask, {{0, 0, 0}, {shape.i, shape.j, shape.k}}, spacing_mm);
      }
    }
  }
}

// Distances on both sides of where the search changes from near parabolas to the envelope of all.
TEST(DistanceMap, IsExactNearAndFar) {
  Random random(16);
  const Shape shape{40, 41, 39};
  for (const auto& spacing_mm : {std::array<double, 3>{1, 1, 1}, {0.9, 1.4, 0.6}}) {
    for (const double probability : {0.00005, 0.0003, 0.001, 0.003}) {
      const Mask mask = NoiseMask(shape, probability, random);
      ExpectExact(mask, {{0, 0, 0}, {shape.i, shape.j, shape.k}}, spacing_mm);
    }
  }
}

TEST(DistanceMap, OfABoxSeesTheSourcesInIt) {
  Random random(6);
  const Mask mask = NoiseMask(Shape{15, 12, 10}, 0.03, random);
  ExpectExact(mask, {{4, 3, 2}, {12, 11, 9}}, kAnisotropic);
  ExpectExact(mask, {{-3, -2, -1}, {9, 14, 11}}, kAnisotropic);  // beyond the volume is no source
}

TEST(DistanceMap, OfOneVoxelIsADistanceFromIt) {
  Mask mask(Shape{9, 9, 9});
  mask.Set(2, 3, 4);
  const DistanceMap map = DistanceToMask(mask, {{0, 0, 0}, {9, 9, 9}}, {1, 2, 3});
  EXPECT_EQ(map.squared_at({2, 3, 4}), 0);
  EXPECT_EQ(map.squared_at({5, 3, 4}), 9);
  EXPECT_EQ(map.squared_at({2, 5, 4}), 16);
  EXPECT_EQ(map.squared_at({5, 5, 3}), 9 + 16 + 9);
}

TEST(DistanceMap, WithoutASourceIsInfinite) {
  for (const float squared : SquaredDistances(Shape{3, 4, 5}, std::vector<uint8_t>(60, 0), {1, 1, 1})) {
    EXPECT_TRUE(std::isinf(squared));
  }
}

TEST(DistanceMap, StaysExactOverALongRow) {
  std::vector<uint8_t> sources(16384, 0);
  sources[0] = 1;
  for (const Shape& shape : {Shape{16384, 1, 1}, Shape{1, 16384, 1}, Shape{1, 1, 16384}}) {
    const std::vector<float> map = SquaredDistances(shape, sources, {0.7, 0.7, 0.7});
    for (const size_t n : {1, 1000, 16383}) {
      const double expected = 0.7 * 0.7 * static_cast<double>(n * n);
      EXPECT_NEAR(map[n], expected, 1e-6 * expected);
    }
  }
}

}  // namespace
}  // namespace sgpsam
