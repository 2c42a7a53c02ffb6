#include "tools/learn/cases/crops.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

constexpr Shape kShape{60, 40, 30};

double Image(int64_t i, int64_t j, int64_t k) { return static_cast<double>(i + 60 * j + 2400 * (k % 10)); }

// 1 and 3 lie side by side, 2 far away.
double Target(int64_t i, int64_t j, int64_t k) {
  if (i >= 5 && i < 8 && j >= 5 && j < 8 && k >= 5 && k < 8) return 1;
  if (i >= 50 && j >= 30 && k >= 24 && k < 27) return 2;
  return i >= 9 && i < 12 && j >= 5 && j < 8 && k == 6 ? 3 : 0;
}

Case Source() {
  const Geometry grid = TestGeometry(kShape, {0.5, 1, 2}, {10, 20, 30});
  return {"a", TestVolume<int16_t>(grid, Image), TestVolume<uint16_t>(grid, Target), 3, {4, 5, 6}, "MR"};
}

TEST(CropBoxes, HoldEveryTargetOnceWithTheMarginAroundIt) {
  const std::vector<CropBox> crops = CropBoxes(Source(), 3);
  ASSERT_EQ(crops.size(), 2u);
  EXPECT_EQ(crops[0].targets, (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(crops[0].box,
            (VoxelBox{{0, 2, 3}, {18, 11, 10}}));  // 3 mm are 6, 3 and 2 voxels; nothing beyond the volume
  EXPECT_EQ(crops[1].targets, (std::vector<int64_t>{2}));
  EXPECT_EQ(crops[1].box, (VoxelBox{{44, 27, 22}, {60, 40, 29}}));
}

TEST(CropBoxes, AreOneWhereThatCostsLess) {
  const std::vector<CropBox> crops = CropBoxes(Source(), 100);
  ASSERT_EQ(crops.size(), 1u);
  EXPECT_EQ(crops[0].box, (VoxelBox{{0, 0, 0}, {60, 40, 30}}));
  EXPECT_EQ(crops[0].targets, (std::vector<int64_t>{1, 2, 3}));
  Case nothing = Source();
  nothing.target_count = 0;
  EXPECT_TRUE(CropBoxes(nothing, 5).empty());
}

// Voxel by voxel, by their places in the patient.
TEST(Crop, IsThatPartOfTheCase) {
  const Case source = Source();
  // Only target 3 is this crop's own, though it shows 1, too.
  const CropBox box{{{4, 4, 2}, {20, 20, 15}}, {3}};
  const Case crop = Crop(source, box).value();
  EXPECT_EQ(crop.id, "a");
  EXPECT_EQ(crop.modality, "MR");
  EXPECT_EQ(crop.target_count, 1);
  EXPECT_EQ(crop.kinds, (std::vector<uint8_t>{6, 4}));
  EXPECT_EQ(crop.image.sample_type(), source.image.sample_type());
  ASSERT_TRUE(crop.image.geometry().shape() == (Shape{16, 16, 13}));
  const std::map<double, double> renumbered{{0, 0}, {3, 1}, {1, 2}};
  for (int64_t k = 0; k < 13; ++k) {
    for (int64_t j = 0; j < 16; ++j) {
      for (int64_t i = 0; i < 16; ++i) {
        const WorldPoint at = crop.image.geometry().ToWorld(
            {static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)});
        const VoxelIndex was = source.image.geometry().ToVoxel(at);
        const auto a = std::llround(was.i), b = std::llround(was.j), c = std::llround(was.k);
        ASSERT_EQ(crop.image.at(i, j, k), Image(a, b, c));
        ASSERT_EQ(crop.targets.at(i, j, k), renumbered.at(Target(a, b, c)));
      }
    }
  }
}

}  // namespace
}  // namespace sgpsam
