#include "core/volume/upright.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sgpsam {
namespace {

// A stack of 20 x 24 x 6 voxels whose slices are pushed along both axes, one of them backwards.
Geometry Leaning() {
  return Geometry::Create({20, 24, 6}, {5, -7, 30}, {{{0.8, 0, 0}, {0, 0.9, 0}, {0.31, -0.7, 3}}}).value();
}

// A field that is linear in the patient is reproduced exactly by linear interpolation.
double Field(const WorldPoint& at) { return 3 * at.x - 2 * at.y + 0.5 * at.z + 200; }

Volume Sampled(const Geometry& geometry) {
  const Shape& shape = geometry.shape();
  ByteBuffer samples = ByteBuffer::Zeroed(static_cast<size_t>(shape.voxels()) * sizeof(float)).value();
  auto* out = reinterpret_cast<float*>(samples.data());
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) {
        *out++ = static_cast<float>(Field(
            geometry.ToWorld({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)})));
      }
    }
  }
  return Volume::Create(geometry, SampleType::kFloat32, std::move(samples)).value();
}

VoxelIndex At(int64_t i, int64_t j, int64_t k) {
  return {static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)};
}

TEST(Upright, GridHoldsTheStackAtRightAngles) {
  const Geometry stack = Leaning();
  const UprightGrid grid = MakeUpright(stack).value();
  const auto& steps = grid.geometry.steps();
  EXPECT_NEAR(steps[2].x, 0, 1e-12);
  EXPECT_NEAR(steps[2].y, 0, 1e-12);
  EXPECT_EQ(steps[2].z, 3);
  EXPECT_EQ(grid.geometry.shape().k, 6);
  for (const int64_t k : {0, 5}) {
    for (const int64_t j : {0, 23}) {
      for (const int64_t i : {0, 19})
        EXPECT_TRUE(grid.geometry.Contains(grid.geometry.ToVoxel(stack.ToWorld(At(i, j, k)))));
    }
  }
}

TEST(Upright, ImageIsTheSameFieldWhereTheStackHasPixels) {
  const Geometry stack = Leaning();
  const UprightGrid grid = MakeUpright(stack).value();
  const Volume upright = OnUprightGrid(Sampled(stack), grid, 1 << 20).value();
  const Shape& shape = grid.geometry.shape();
  int64_t compared = 0, outside = 0;
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) {
        const WorldPoint at = grid.geometry.ToWorld(At(i, j, k));
        const VoxelIndex source = stack.ToVoxel(at);
        EXPECT_NEAR(source.k, static_cast<double>(k), 1e-9);
        if (source.i >= 0 && source.i <= 19 && source.j >= 0 && source.j <= 23) {
          EXPECT_NEAR(upright.at(i, j, k), Field(at), 1e-3);
          ++compared;
        }
        outside += !stack.Contains(source);
      }
    }
  }
  EXPECT_GT(compared, 19 * 23 * 5);
  EXPECT_GT(outside, 0);
}

TEST(Upright, MaskMovesByTheNearestPixel) {
  const Geometry stack = Leaning();
  const UprightGrid grid = MakeUpright(stack).value();
  Mask mask(stack.shape());
  for (int64_t k = 1; k < 5; ++k) {
    for (int64_t j = 0; j < 24; j += 3) mask.Set((j + 5 * k) % 20, j, k);
  }
  const Mask upright = OnUprightGrid(mask, grid);
  EXPECT_EQ(upright.CountVoxels(), mask.CountVoxels());
  for (int64_t k = 0; k < 6; ++k) {
    for (int64_t j = 0; j < 24; ++j) {
      for (int64_t i = 0; i < 20; ++i) {
        const VoxelIndex to = grid.geometry.ToVoxel(stack.ToWorld(At(i, j, k)));
        EXPECT_EQ(mask.at(i, j, k), upright.at(std::lround(to.i), std::lround(to.j), k))
            << i << " " << j << " " << k;
      }
    }
  }
}

TEST(Upright, LeavesAnUprightStackAsItIs) {
  const Geometry stack = Geometry::Create({4, 3, 5}, {1, 2, 3}, {{{0, 1, 0}, {0, 0, 1}, {2, 0, 0}}}).value();
  const UprightGrid grid = MakeUpright(stack).value();
  EXPECT_TRUE(SameGrid(grid.geometry, stack));
  const Volume volume = Sampled(stack);
  EXPECT_EQ(OnUprightGrid(volume, grid, 1 << 20)->samples().view(), volume.samples().view());
}

TEST(Upright, RefusesSkewedRowsAndTooMuch) {
  const Geometry skewed = Geometry::Create({4, 3, 5}, {}, {{{1, 0, 0}, {0.3, 1, 0}, {0, 0, 1}}}).value();
  EXPECT_EQ(MakeUpright(skewed).status().code(), absl::StatusCode::kFailedPrecondition);
  const UprightGrid grid = MakeUpright(Leaning()).value();
  EXPECT_EQ(OnUprightGrid(Sampled(Leaning()), grid, 100).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam
