#include "core/transform/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/engine/engine.h"
#include "core/transform/resolve_prompts.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using testing::ElementsAre;

constexpr int64_t kPatch = 128;

ResolvedPrompts PointAt(const VoxelIndex& at, bool positive = true) {
  ResolvedPrompts prompts;
  prompts.points = {{at, positive}};
  return prompts;
}

TEST(CanonicalGrid, FlipsLeftAndBackOfADicomAxialVolume) {
  const CanonicalGrid grid = MakeCanonicalGrid(TestGeometry({512, 512, 100}, {0.75, 0.75, 5}), 1.5);
  EXPECT_THAT(grid.source_axis, ElementsAre(0, 1, 2));
  EXPECT_THAT(grid.flipped, ElementsAre(true, true, false));
  EXPECT_THAT(grid.shape, ElementsAre(256, 256, 334));  // 333.3, rounded up
  EXPECT_THAT(grid.source_per_voxel, ElementsAre(2, 2, 0.3));
}

TEST(CanonicalGrid, PermutesASagittalVolume) {
  // i to the back, j to the feet, k to the left.
  const Geometry sagittal = SteppedGeometry({20, 30, 40}, {{{0, 1.5, 0}, {0, 0, -1.5}, {1.5, 0, 0}}});
  const CanonicalGrid grid = MakeCanonicalGrid(sagittal, 1.5);
  EXPECT_THAT(grid.source_axis, ElementsAre(2, 0, 1));
  EXPECT_THAT(grid.flipped, ElementsAre(true, true, true));
  EXPECT_THAT(grid.shape, ElementsAre(40, 20, 30));
}

TEST(CanonicalGrid, GivesEveryAxisItsOwnUnderAGantryTilt) {
  // Slices shifted by 0.7 of their distance: k leans to the front by 35 degrees, yet stays S.
  const Geometry tilted = SteppedGeometry({64, 64, 20}, {{{0.8, 0, 0}, {0, 0.8, 0}, {0, -1.4, 2}}});
  const CanonicalGrid grid = MakeCanonicalGrid(tilted, 1.5);
  EXPECT_THAT(grid.source_axis, ElementsAre(0, 1, 2));
  EXPECT_THAT(grid.flipped, ElementsAre(true, true, false));
}

TEST(CanonicalGrid, KeepsAWholeNumberOfVoxelsInSpiteOfRounding) {
  const double s = std::sqrt(0.5);
  // 1.5 mm along a diagonal: the step's length is 1.5 but for rounding.
  const Geometry turned =
      SteppedGeometry({37, 41, 43}, {{{1.5 * s, 1.5 * s, 0}, {-1.5 * s, 1.5 * s, 0}, {0, 0, 1.5}}});
  const CanonicalGrid grid = MakeCanonicalGrid(turned, 1.5);
  EXPECT_EQ(grid.shape[0] * grid.shape[1] * grid.shape[2], 37 * 41 * 43);
}

TEST(CanonicalGrid, KeepsASingleSliceSingle) {
  EXPECT_EQ(MakeCanonicalGrid(TestGeometry({64, 64, 1}, {1, 1, 5}), 1.5).shape[2], 1);
}

TEST(Placement, PatchToSourceUndoesSourceToPatch) {
  const Geometry tilted =
      SteppedGeometry({64, 60, 50}, {{{0, 1.1, 0.1}, {0.9, 0, 0.2}, {0.3, -0.4, 2}}}, {5, 6, 7});
  const Placement placement = PlaceAround(tilted, {10, 50, 31}, kPatch, kUsualSpacingMm);
  const VoxelIndex there = PatchToSource(placement, {3.25, 100.5, -7});
  const std::array<double, 3> back = SourceToPatch(placement, there);
  EXPECT_NEAR(back[0], 3.25, 1e-9);
  EXPECT_NEAR(back[1], 100.5, 1e-9);
  EXPECT_NEAR(back[2], -7, 1e-9);
}

TEST(Placement, AffineTellsWhereAPatchVoxelIs) {
  const Geometry tilted =
      SteppedGeometry({64, 60, 50}, {{{0, 1.1, 0.1}, {0.9, 0, 0.2}, {0.3, -0.4, 2}}}, {5, 6, 7});
  const Placement placement = PlaceAround(tilted, {10, 50, 31}, kPatch, kUsualSpacingMm);
  const std::array<double, 16> m = PatchAffineRas(tilted, placement);
  const WorldPoint world = tilted.ToWorld(PatchToSource(placement, {1, 2, 3}));
  EXPECT_NEAR(-world.x, m[0] + 2 * m[1] + 3 * m[2] + m[3], 1e-9);
  EXPECT_NEAR(-world.y, m[4] + 2 * m[5] + 3 * m[6] + m[7], 1e-9);
  EXPECT_NEAR(world.z, m[8] + 2 * m[9] + 3 * m[10] + m[11], 1e-9);
  // Each column is 1.5 mm long and points along R, A or S more than anywhere else.
  for (int c = 0; c < 3; ++c) {
    EXPECT_NEAR(std::hypot(m[c], m[4 + c], m[8 + c]), 1.5, 1e-9);
    EXPECT_GT(m[5 * c], 0.8);
  }
}

TEST(PlacePatch, PutsTheFirstPositivePointInTheMiddle) {
  const Geometry geometry = TestGeometry({200, 200, 200});
  ResolvedPrompts prompts = PointAt(VoxelIndex{5, 5, 5}, false);
  prompts.points.push_back({VoxelIndex{80, 90, 100.3}, true});
  prompts.points.push_back({VoxelIndex{20, 20, 20}, true});
  absl::StatusOr<Placement> placement = PlacePatch(geometry, prompts, kPatch, kUsualSpacingMm);
  ASSERT_TRUE(placement.ok()) << placement.status();
  const std::array<double, 3> middle = SourceToPatch(*placement, {80, 90, 100});
  EXPECT_THAT(middle, ElementsAre(64, 64, 64));
}

TEST(PlacePatch, FallsBackToTheBoxThenToTheMask) {
  const Geometry geometry = TestGeometry({200, 200, 200});
  ResolvedPrompts prompts;
  prompts.mask = Mask(geometry.shape());
  prompts.mask->Set(30, 40, 50);
  EXPECT_THAT(SourceToPatch(*PlacePatch(geometry, prompts, kPatch, kUsualSpacingMm), {30, 40, 50}),
              ElementsAre(64, 64, 64));
  prompts.boxes = {{VoxelIndex{10, 10, 10}, VoxelIndex{20, 20, 20}, /*positive=*/false, {}},
                   {VoxelIndex{100, 100, 100}, VoxelIndex{120, 140, 160}, /*positive=*/true, {}}};
  EXPECT_THAT(SourceToPatch(*PlacePatch(geometry, prompts, kPatch, kUsualSpacingMm), {110, 120, 130}),
              ElementsAre(64, 64, 64));
}

TEST(PlacePatch, RefusesPromptsWithoutAFocus) {
  const Geometry geometry = TestGeometry({20, 20, 20});
  EXPECT_EQ(PlacePatch(geometry, {}, kPatch, kUsualSpacingMm).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      PlacePatch(geometry, PointAt(VoxelIndex{1, 1, 1}, false), kPatch, kUsualSpacingMm).status().code(),
      absl::StatusCode::kInvalidArgument);
}

// Every position on a grid that does not fit the patch's, halves of voxels and oblique axes included.
TEST(PatchPosition, LaysTheSamePatchAgainAtAnySpacing) {
  const Geometry plain = TestGeometry({60, 50, 40}, {1, 1, 2.5}, {-31.3, 17.9, -204.7});
  const Geometry oblique = SteppedGeometry({60, 50, 40}, {{{0.8, 0.6, 0}, {-0.6, 0.8, 0}, {0.1, 0, 2.5}}});
  for (const Geometry& geometry : {plain, oblique}) {
    for (const VoxelIndex& at : {VoxelIndex{0, 0, 0}, VoxelIndex{59.4, 49.4, 39.4}, VoxelIndex{31, 7, 18}}) {
      const ResolvedPrompts first = PointAt(at);
      ResolvedPrompts again = PointAt(VoxelIndex{1, 2, 3});
      again.previous_patch = PositionOf(geometry, first, *PlacePatch(geometry, first, 32, 0.6));
      EXPECT_EQ(again.previous_patch->spacing_mm, 0.6);
      for (const double spacing_mm : {0.6, 0.9375, 1.5, 3.0}) {
        const auto placed = PlacePatch(geometry, again, 32, spacing_mm);
        ASSERT_TRUE(placed.ok()) << placed.status();
        EXPECT_EQ(placed->begin, PlacePatch(geometry, first, 32, spacing_mm)->begin) << spacing_mm;
      }
      EXPECT_EQ(PlaceAtPosition(geometry, *again.previous_patch, 32).begin,
                PlacePatch(geometry, first, 32, 0.6)->begin);
    }
  }
}

TEST(PatchPosition, LaysTheSamePatchAgainThatAMaskHasPlaced) {
  const Geometry geometry = TestGeometry({60, 50, 40}, {1, 1, 2.5}, {-31.3, 17.9, -204.7});
  ResolvedPrompts first;
  first.mask = Mask(geometry.shape());
  for (int64_t i = 0; i < 7; ++i) first.mask->Set(i, 49, 39);
  const Placement placed = *PlacePatch(geometry, first, 32, 1.5);
  const PatchPosition position = PositionOf(geometry, first, placed);
  EXPECT_EQ(PlaceAtPosition(geometry, position, 32).begin, placed.begin);
  Prompts again;  // beyond the part of a voxel that placing rounds by, it would be refused
  again.previous_patch = position;
  EXPECT_TRUE(ResolvePrompts(geometry, PatchSizes(), again).ok());
}

TEST(PlaceAroundMask, LowersACentreBetweenTwoVoxels) {
  const Geometry geometry = SteppedGeometry({200, 200, 200}, {{{-1.5, 0, 0}, {0, -1.5, 0}, {0, 0, 1.5}}});
  Mask mask(geometry.shape());
  mask.Set(80, 80, 80);
  mask.Set(82, 83, 80);  // boxes of 3, 4 and 1 voxels
  EXPECT_THAT(PlaceAroundMask(geometry, mask, kPatch, kUsualSpacingMm)->begin,
              ElementsAre(81 - 64, 82 - 64, 80 - 64));
}

TEST(PlaceAroundMask, FindsAMaskThatFallsBetweenTheSamples) {
  // One voxel in four is sampled along k; 0.375 mm makes 1.5.
  const Geometry geometry = TestGeometry({64, 64, 256}, {1.5, 1.5, 0.375});
  Mask mask(geometry.shape());
  mask.Set(32, 32, 100);
  absl::StatusOr<Placement> placement = PlaceAroundMask(geometry, mask, kPatch, kUsualSpacingMm);
  ASSERT_TRUE(placement.ok()) << placement.status();
  EXPECT_NEAR(SourceToPatch(*placement, {32, 32, 100})[2], 64, 0.5);
}

TEST(PlaceAroundMask, RefusesAnEmptyOrMisshapenMask) {
  const Geometry geometry = TestGeometry({20, 20, 20});
  EXPECT_EQ(PlaceAroundMask(geometry, Mask({20, 20, 20}), kPatch, kUsualSpacingMm).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(PlaceAroundMask(geometry, Mask({20, 20, 21}), kPatch, kUsualSpacingMm).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(PlaceAroundLabel, SeesOnlyItsLabel) {
  const Geometry geometry = TestGeometry({100, 100, 100});
  const Volume labels = TestVolume<uint8_t>(geometry, [](int64_t i, int64_t j, int64_t k) {
    return i == 50 && j == 51 && k == 52 ? 3 : i == 10 ? 1 : 0;
  });
  absl::StatusOr<Placement> placement = PlaceAroundLabel(labels, 3, kPatch, kUsualSpacingMm);
  ASSERT_TRUE(placement.ok()) << placement.status();
  EXPECT_THAT(SourceToPatch(*placement, {50, 51, 52}), ElementsAre(64, 64, 64));
  EXPECT_EQ(PlaceAroundLabel(labels, 2, kPatch, kUsualSpacingMm).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sgpsam
