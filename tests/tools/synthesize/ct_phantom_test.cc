#include "tools/synthesize/ct_phantom.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sgpsam {
namespace {

struct Averages {
  double inside = 0, around = 0;  // HU in the lesion, and in the liver within 6 voxels of its bounding box
};

Averages Measure(const CtPhantom& phantom) {
  const Shape& shape = phantom.volume.geometry().shape();
  double sum[2] = {0, 0};
  int64_t count[2] = {0, 0};
  const VoxelIndex c = phantom.volume.geometry().ToVoxel(phantom.lesion_centre);
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) {
        const bool inside = phantom.lesion.at(i, j, k);
        const bool near = std::abs(k - c.k) < 3 && std::hypot(i - c.i, j - c.j) < 28;
        if (!inside && !near) continue;
        sum[inside ? 0 : 1] += phantom.volume.at(i, j, k);
        ++count[inside ? 0 : 1];
      }
    }
  }
  return {sum[0] / static_cast<double>(count[0]), sum[1] / static_cast<double>(count[1])};
}

TEST(CtPhantom, IsACtOfTheDeclaredSize) {
  absl::StatusOr<CtPhantom> phantom = MakeCtPhantom();
  ASSERT_TRUE(phantom.ok()) << phantom.status();
  EXPECT_EQ(phantom->volume.sample_type(), SampleType::kInt16);
  EXPECT_EQ(phantom->volume.geometry().shape(), (Shape{256, 256, 96}));
  EXPECT_DOUBLE_EQ(phantom->volume.geometry().spacing_mm()[2], 2.5);
  EXPECT_NEAR(phantom->volume.at(2, 2, 50), -1000, 60);
  const WorldPoint middle = phantom->volume.geometry().ToWorld({127.5, 127.5, 47.5});
  EXPECT_NEAR(middle.y, CtPhantomOptions().centre.y, 1e-9);
}

TEST(CtPhantom, LesionIsWhereItSaysAndAsDarkAsAsked) {
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    CtPhantomOptions options;
    options.seed = seed;
    absl::StatusOr<CtPhantom> phantom = MakeCtPhantom(options);
    ASSERT_TRUE(phantom.ok()) << phantom.status();
    const VoxelIndex c = phantom->volume.geometry().ToVoxel(phantom->lesion_centre);
    EXPECT_TRUE(phantom->lesion.at(std::lround(c.i), std::lround(c.j), std::lround(c.k)));
    const double ml =
        static_cast<double>(phantom->lesion.CountVoxels()) * phantom->volume.geometry().voxel_ml();
    EXPECT_NEAR(ml, 17.2, 6) << "a ball of 16 mm";
    const Averages hu = Measure(*phantom);
    EXPECT_NEAR(hu.inside - hu.around, options.lesion_contrast_hu, 15);
  }
}

TEST(CtPhantom, LesionMayBeBrighterThanTheLiver) {
  CtPhantomOptions options;
  options.lesion_contrast_hu = 60;
  const Averages hu = Measure(*MakeCtPhantom(options));
  EXPECT_NEAR(hu.inside - hu.around, 60, 20);
}

TEST(CtPhantom, IsTheSameForTheSameSeedOnly) {
  CtPhantomOptions options;
  options.shape = {96, 96, 24};
  options.spacing_mm = {3.5, 3.5, 10};
  const CtPhantom first = *MakeCtPhantom(options);
  EXPECT_EQ(first.volume.samples().view(), MakeCtPhantom(options)->volume.samples().view());
  options.seed = 2;
  const CtPhantom other = *MakeCtPhantom(options);
  EXPECT_NE(first.volume.samples().view(), other.volume.samples().view());
  EXPECT_NE(first.lesion.bits(), other.lesion.bits());
}

TEST(CtPhantom, RefusesWhatCannotBeMade) {
  CtPhantomOptions options;
  options.shape = {0, 10, 10};
  EXPECT_EQ(MakeCtPhantom(options).status().code(), absl::StatusCode::kInvalidArgument);
  options = {};
  options.lesion_radius_mm = 0.01;
  EXPECT_EQ(MakeCtPhantom(options).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam
