#include "core/transform/assumed_shape.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>

#include "core/transform/resolve_prompts.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using Half = std::array<double, 3>;  // of an ellipsoid, in source voxels

class AssumedShapeTest : public testing::Test {
 protected:
  // Stored in another order, turned round on two axes, and three times as thick along k.
  const Geometry geometry_ = SteppedGeometry({60, 80, 40}, {{{0, 1, 0}, {-1, 0, 0}, {0, 0, 3}}});
  const Placement placement_ = PlaceAround(geometry_, {30, 40, 20}, 48, 1.5);

  PatchMask Shape(const Prompts& prompts) const {
    return AssumedShape(geometry_, placement_, ResolvePrompts(geometry_, PatchSizes(), prompts).value());
  }

  static Prompts Box(const VoxelIndex& a, const VoxelIndex& b, bool positive = true) {
    Prompts prompts;
    prompts.boxes = {{a, b, positive}};
    return prompts;
  }

  // Voxel by voxel, but for those on the ellipsoid's border.
  void ExpectEllipsoid(const PatchMask& mask, const VoxelIndex& middle, const Half& half) const {
    int inside = 0;
    for (int64_t n = 0; n < mask.side() * mask.side() * mask.side(); ++n) {
      const int64_t i = n / (mask.side() * mask.side()), j = n / mask.side() % mask.side(),
                    k = n % mask.side();
      const VoxelIndex at =
          PatchToSource(placement_, {static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)});
      const double out =
          std::hypot((at.i - middle.i) / half[0], (at.j - middle.j) / half[1], (at.k - middle.k) / half[2]);
      if (std::abs(out - 1) < 1e-6) continue;
      ASSERT_EQ(mask.at(i, j, k), out < 1) << at.i << ' ' << at.j << ' ' << at.k;
      inside += out < 1 ? 1 : 0;
    }
    EXPECT_GT(inside, 0);
  }
};

TEST_F(AssumedShapeTest, FillsABoxWithAnEllipsoid) {
  ExpectEllipsoid(Shape(Box({20, 36, 17}, {39, 45, 24})), {29.5, 40.5, 20.5}, {10, 5, 4});
}

TEST_F(AssumedShapeTest, TakesABoxOfOneSliceToBeAsThickAsItsShorterSide) {
  ExpectEllipsoid(Shape(Box({20, 34, 20}, {39, 45, 20})), {29.5, 39.5, 20}, {10, 6, 2});  // 12 mm on two axes
}

TEST_F(AssumedShapeTest, IsNarrowerThanALineIsLong) {
  Prompts prompts;
  prompts.lines = {{VoxelIndex{20, 40, 20}, VoxelIndex{40, 40, 20}}};
  const double wide = 10 * kLineWidth;
  ExpectEllipsoid(Shape(prompts), {30, 40, 20}, {10, wide, wide / 3});
  prompts.lines = {{VoxelIndex{20, 40, 14}, VoxelIndex{38, 40, 22}}};  // 18 and 24 mm: 30 in all
  const PatchMask slanting = Shape(prompts);
  const double mm3 = static_cast<double>(slanting.count()) * std::pow(placement_.spacing_mm, 3);
  EXPECT_NEAR(mm3, 4.18879 * 15 * std::pow(15 * kLineWidth, 2), 0.05 * mm3);
}

TEST_F(AssumedShapeTest, IsOfAllBoxesAndLinesThatAskForSomething) {
  Prompts two = Box({20, 36, 17}, {25, 41, 18});
  two.boxes.push_back({VoxelIndex{34, 36, 17}, VoxelIndex{39, 41, 18}});
  EXPECT_EQ(Shape(two).count(), 2 * Shape(Box({20, 36, 17}, {25, 41, 18})).count());
  EXPECT_EQ(Shape(Box({20, 36, 17}, {39, 45, 24}, false)).count(), 0);
  EXPECT_EQ(Shape(Box({0, 0, 0}, {1, 1, 1})).count(), 0) << "beside the patch";
  Prompts point;
  point.points = {{VoxelIndex{30, 40, 20}, true}};
  EXPECT_EQ(Shape(point).count(), 0);
}

}  // namespace
}  // namespace sgpsam
