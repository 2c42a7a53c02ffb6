#include "core/volume/grid_match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

constexpr double kTolerance = 0.1;

// Oblique, anisotropic, every axis of another length.
Geometry Image() {
  return SteppedGeometry({9, 7, 5}, {{{0.9, 0.1, 0}, {-0.1, 0.9, 0.2}, {0.1, -0.5, 3}}}, {-40, 60, 7});
}

// The same voxels with label axis a along image axis order[a], turned around where flipped[a].
Geometry Reordered(const std::array<int, 3>& order, const std::array<bool, 3>& flipped) {
  const Geometry image = Image();
  const std::array<int64_t, 3> sizes{9, 7, 5};
  std::array<int64_t, 3> shape{};
  std::array<WorldPoint, 3> steps{};
  WorldPoint origin = image.origin();
  for (size_t a = 0; a < 3; ++a) {
    const auto b = static_cast<size_t>(order[a]);
    const WorldPoint step = image.steps()[b];
    const double far = static_cast<double>(sizes[b] - 1);
    shape[a] = sizes[b];
    steps[a] = flipped[a] ? WorldPoint{-step.x, -step.y, -step.z} : step;
    if (flipped[a]) origin = {origin.x + far * step.x, origin.y + far * step.y, origin.z + far * step.z};
  }
  return SteppedGeometry({shape[0], shape[1], shape[2]}, steps, origin);
}

void ExpectDiffers(const Geometry& label, const Geometry& image, const std::string& what) {
  const absl::Status status = MatchGrids(label, image, kTolerance).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("its grid is not the image's"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(what));
}

TEST(MatchGrids, MapsEqualGridsVoxelByVoxel) {
  const absl::StatusOr<GridMap> map = MatchGrids(Image(), Image(), 0);
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(map->first, 0);
  EXPECT_THAT(map->strides, testing::ElementsAre(1, 9, 63));
}

TEST(MatchGrids, MapsEveryOrderAndDirectionOfTheAxes) {
  const Geometry image = Image();
  std::array<int, 3> order{0, 1, 2};
  do {
    for (int flips = 0; flips < 8; ++flips) {
      const Geometry label = Reordered(order, {(flips & 1) != 0, (flips & 2) != 0, (flips & 4) != 0});
      const absl::StatusOr<GridMap> map = MatchGrids(label, image, kTolerance);
      ASSERT_TRUE(map.ok()) << map.status();
      for (const VoxelIndex& v : {VoxelIndex{0, 0, 0}, VoxelIndex{1, 2, 3}, VoxelIndex{4, 3, 2}}) {
        const VoxelIndex w = image.ToVoxel(label.ToWorld(v));
        EXPECT_EQ(map->first + static_cast<int64_t>(v.i) * map->strides[0] +
                      static_cast<int64_t>(v.j) * map->strides[1] +
                      static_cast<int64_t>(v.k) * map->strides[2],
                  std::lround(w.i) + 9 * std::lround(w.j) + 63 * std::lround(w.k));
      }
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(MatchGrids, AddsUpWhatEachAxisIsOff) {
  // 0.08 voxels by the origin and 0.08 more at the far end of the first axis.
  const Geometry image = TestGeometry({101, 7, 5}, {1, 1, 1});
  const Geometry label = TestGeometry({101, 7, 5}, {1.0008, 1, 1}, {0.08, 0, 0});
  ExpectDiffers(label, image, "its corners lie up to 0.16 voxels from the image's");
  // Slices of 9 mm that lean by 0.4 mm: little for a slice, much for a pixel.
  const Geometry thick = TestGeometry({9, 7, 2}, {0.5, 0.5, 9});
  const Geometry leaning = SteppedGeometry({9, 7, 2}, {{{0.5, 0, 0}, {0, 0.5, 0}, {0.4, 0, 9}}});
  ExpectDiffers(leaning, thick, "its corners lie up to 0.8 voxels");
}

TEST(MaskOnGrid, PutsEveryVoxelWhereItLiesInThePatient) {
  const Geometry image = Image();
  std::array<int, 3> order{0, 1, 2};
  do {
    for (int flips = 0; flips < 8; ++flips) {
      const Geometry label = Reordered(order, {(flips & 1) != 0, (flips & 2) != 0, (flips & 4) != 0});
      Mask mask(label.shape()), expected(image.shape());
      for (const auto& [x, y, z] : {std::array<int64_t, 3>{0, 0, 0}, {3, 1, 2}, {4, 4, 4}}) {
        mask.Set(x, y, z);
        const VoxelIndex at = image.ToVoxel(
            label.ToWorld({static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)}));
        expected.Set(std::lround(at.i), std::lround(at.j), std::lround(at.k));
      }
      const GridMap map = *MatchGrids(label, image, kTolerance);
      EXPECT_EQ(MaskOnGrid(mask, map, image.shape()).bits(), expected.bits());
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(MatchGrids, SaysWhenTheShapeDiffers) {
  ExpectDiffers(TestGeometry({9, 7, 6}), TestGeometry({9, 7, 5}),
                "the shape is 9 x 7 x 6 voxels, the image's is 9 x 7 x 5");
  ExpectDiffers(TestGeometry({7, 9, 5}), TestGeometry({9, 7, 5}), "the shape");
}

TEST(MatchGrids, SaysWhenTheSpacingDiffers) {
  ExpectDiffers(TestGeometry({9, 7, 5}, {1, 1, 2.1}), TestGeometry({9, 7, 5}, {1, 1, 2}),
                "the spacing along its axis k is 2.1 mm, the image's is 2 mm");
}

TEST(MatchGrids, SaysWhenTheOriginDiffers) {
  ExpectDiffers(TestGeometry({9, 7, 5}, {1, 1, 2}, {3, 4, 0}), TestGeometry({9, 7, 5}, {1, 1, 2}),
                "the origin is 5 mm from the image's");
  // As a file that mixes up RAS and LPS.
  ExpectDiffers(SteppedGeometry({9, 7, 5}, {{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}}, {-30, -40, 0}),
                TestGeometry({9, 7, 5}, {1, 1, 1}, {30, 40, 0}), "the origin");
}

TEST(MatchGrids, SaysWhenTheDirectionDiffers) {
  const double a = 5 * M_PI / 180;
  const Geometry turned = SteppedGeometry(
      {9, 7, 5}, {{{std::cos(a), std::sin(a), 0}, {-std::sin(a), std::cos(a), 0}, {0, 0, 1}}});
  ExpectDiffers(turned, TestGeometry({9, 7, 5}, {1, 1, 1}), "the direction of its axis i is 5 degrees off");
  const Geometry skew = SteppedGeometry({9, 7, 5}, {{{1, 0, 0}, {1, 0.1, 0}, {0, 0, 1}}});
  ExpectDiffers(skew, TestGeometry({9, 7, 5}), "the direction of its axes is another");
}

TEST(MatchGrids, ForgivesWhatRoundingDoes) {
  const Geometry image = TestGeometry({512, 512, 300}, {0.703125, 0.703125, 1.25}, {-180, -180, 1000});
  const Geometry rounded = TestGeometry({512, 512, 300}, {0.7031, 0.7031, 1.25}, {-180.02, -180, 1000});
  EXPECT_TRUE(MatchGrids(rounded, image, kTolerance).ok()) << MatchGrids(rounded, image, kTolerance).status();
  EXPECT_FALSE(MatchGrids(rounded, image, 0.01).ok());
  // The same rounding moves the far end of a longer axis by more.
  const Geometry coarse = TestGeometry({512, 512, 300}, {0.7028, 0.703125, 1.25}, {-180, -180, 1000});
  EXPECT_FALSE(MatchGrids(coarse, image, kTolerance).ok());
}

TEST(MatchGrids, LooksAtAxesOfOneVoxelToo) {
  ExpectDiffers(TestGeometry({9, 7, 1}, {1, 1, 5}), TestGeometry({9, 7, 1}, {1, 1, 2}), "the spacing");
}

}  // namespace
}  // namespace sgpsam
