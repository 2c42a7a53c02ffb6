#include "core/transform/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
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
  absl::StatusOr<Placement> placement =
      PlacePatch(geometry, prompts, kPatch, kUsualSpacingMm, GridOrigin::kVolume);
  ASSERT_TRUE(placement.ok()) << placement.status();
  const std::array<double, 3> middle = SourceToPatch(*placement, {80, 90, 100});
  EXPECT_THAT(middle, ElementsAre(64, 64, 64));
}

TEST(PlacePatch, FallsBackToTheBoxThenToTheMask) {
  const Geometry geometry = TestGeometry({200, 200, 200});
  ResolvedPrompts prompts;
  prompts.mask = Mask(geometry.shape());
  prompts.mask->Set(30, 40, 50);
  EXPECT_THAT(SourceToPatch(*PlacePatch(geometry, prompts, kPatch, kUsualSpacingMm, GridOrigin::kVolume),
                            {30, 40, 50}),
              ElementsAre(64, 64, 64));
  prompts.boxes = {{VoxelIndex{10, 10, 10}, VoxelIndex{20, 20, 20}, /*positive=*/false, {}},
                   {VoxelIndex{100, 100, 100}, VoxelIndex{120, 140, 160}, /*positive=*/true, {}}};
  EXPECT_THAT(SourceToPatch(*PlacePatch(geometry, prompts, kPatch, kUsualSpacingMm, GridOrigin::kVolume),
                            {110, 120, 130}),
              ElementsAre(64, 64, 64));
}

TEST(PlacePatch, RefusesPromptsWithoutAFocus) {
  const Geometry geometry = TestGeometry({20, 20, 20});
  EXPECT_EQ(PlacePatch(geometry, {}, kPatch, kUsualSpacingMm, GridOrigin::kVolume).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      PlacePatch(geometry, PointAt(VoxelIndex{1, 1, 1}, false), kPatch, kUsualSpacingMm, GridOrigin::kVolume)
          .status()
          .code(),
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
      again.previous_patch =
          PositionOf(geometry, first, *PlacePatch(geometry, first, 32, 0.6, GridOrigin::kVolume));
      EXPECT_EQ(again.previous_patch->spacing_mm, 0.6);
      for (const double spacing_mm : {0.6, 0.9375, 1.5, 3.0}) {
        const auto placed = PlacePatch(geometry, again, 32, spacing_mm, GridOrigin::kVolume);
        ASSERT_TRUE(placed.ok()) << placed.status();
        EXPECT_EQ(placed->begin, PlacePatch(geometry, first, 32, spacing_mm, GridOrigin::kVolume)->begin)
            << spacing_mm;
      }
      EXPECT_EQ(PlaceAtPosition(geometry, *again.previous_patch, 32, GridOrigin::kVolume).begin,
                PlacePatch(geometry, first, 32, 0.6, GridOrigin::kVolume)->begin);
    }
  }
}

TEST(PatchPosition, LaysTheSamePatchAgainThatAMaskHasPlaced) {
  const Geometry geometry = TestGeometry({60, 50, 40}, {1, 1, 2.5}, {-31.3, 17.9, -204.7});
  ResolvedPrompts first;
  first.mask = Mask(geometry.shape());
  for (int64_t i = 0; i < 7; ++i) first.mask->Set(i, 49, 39);
  const Placement placed = *PlacePatch(geometry, first, 32, 1.5, GridOrigin::kVolume);
  const PatchPosition position = PositionOf(geometry, first, placed);
  EXPECT_EQ(PlaceAtPosition(geometry, position, 32, GridOrigin::kVolume).begin, placed.begin);
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

// Where a patch's voxels lie in the patient must not depend on how the volume is cut or stored around them.
WorldPoint At(const Geometry& geometry, const Placement& placement, const std::array<double, 3>& voxel) {
  return geometry.ToWorld(PatchToSource(placement, voxel));
}

void ExpectSamePlaces(const Geometry& a, const Placement& in_a, const Geometry& b, const Placement& in_b) {
  for (const std::array<double, 3>& voxel :
       {std::array<double, 3>{0, 0, 0}, {47, 0, 20}, {24, 24, 24}, {5, 40, 47}}) {
    const WorldPoint p = At(a, in_a, voxel), q = At(b, in_b, voxel);
    EXPECT_NEAR(p.x, q.x, 1e-6);
    EXPECT_NEAR(p.y, q.y, 1e-6);
    EXPECT_NEAR(p.z, q.z, 1e-6);
  }
}

TEST(GridOnTheFocus, IsNearlyInTheMiddleOfItsPatch) {
  const Geometry geometry = TestGeometry({200, 180, 90}, {0.7, 0.7, 2.5}, {-31, 17.2, 405});
  for (const double spacing_mm : {0.6, 1.5, 3.0}) {
    const Placement placement = PlaceAround(geometry, {71, 93, 40}, 48, spacing_mm, GridOrigin::kFocus);
    const std::array<double, 3> at = SourceToPatch(placement, {71, 93, 40});
    for (const double along : at) EXPECT_NEAR(along, 24, kLatticeVoxels / 2 + 1e-3) << spacing_mm;
  }
}

// A voxel of the patch's middle lies on a point of the lattice, whose coordinates are multiples of 8 voxels.
TEST(GridOnTheFocus, HangsOnPatientCoordinates) {
  const Geometry geometry = TestGeometry({200, 180, 90}, {0.7, 0.7, 2.5}, {-31, 17.2, 405});
  const Placement placement = PlaceAround(geometry, {71, 93, 40}, 48, 1.25, GridOrigin::kFocus);
  const WorldPoint middle = geometry.ToWorld(PatchToSource(placement, {24, 24, 24}));
  for (const double along : {middle.x, middle.y, middle.z}) {
    EXPECT_NEAR(along / 10, std::round(along / 10), 1e-3) << along;
  }
}

TEST(GridOnTheFocus, LiesAlikeForAFocusALittleFurther) {
  const Geometry geometry = TestGeometry({200, 180, 90}, {0.7, 0.7, 2.5});
  int moved = 0;
  for (int n = 0; n < 100; ++n) {
    const Placement one = PlaceAround(geometry, {50.0 + n * 0.3, 93, 40}, 48, 1.5, GridOrigin::kFocus),
                    other = PlaceAround(geometry, {50.0 + n * 0.3 + 1 / 0.7, 93, 40}, 48, 1.5,
                                        GridOrigin::kFocus);
    const double by = At(geometry, one, {0, 0, 0}).x - At(geometry, other, {0, 0, 0}).x;
    moved += std::abs(by) > 1e-6 ? 1 : 0;
    EXPECT_NEAR(std::abs(by) / 12, std::round(std::abs(by) / 12), 1e-3) << "by whole tokens, or not at all";
  }
  EXPECT_LE(moved, 12);  // 1 mm of every 12
  EXPECT_GE(moved, 5);
}

// Where no voxel of the lattice's grid might lie in the volume, one lies on the focus.
TEST(GridOnTheFocus, HangsOnTheFocusItselfWhereTheVolumeIsThin) {
  const Geometry slice = TestGeometry({60, 60, 1}, {1, 1, 2.5}, {0, 0, 3.7});
  const Placement placement = PlaceAround(slice, {30, 30, 0}, 48, 3, GridOrigin::kFocus);
  EXPECT_NEAR(SourceToPatch(placement, {30, 30, 0})[2], 24, 1e-9);
}

TEST(GridOnTheFocus, LiesAlikeInAVolumeWithoutItsFirstVoxels) {
  const Geometry whole = TestGeometry({200, 180, 90}, {0.7, 0.7, 2.5});
  const Geometry cut = SteppedGeometry({199, 179, 89}, whole.steps(), whole.ToWorld({1, 1, 1}));
  const Placement hung = PlaceAround(whole, {71, 93, 40}, 48, 1.1, GridOrigin::kFocus);
  ExpectSamePlaces(whole, hung, cut, PlaceAround(cut, {70, 92, 39}, 48, 1.1, GridOrigin::kFocus));
  const Placement reference = PlaceAround(whole, {71, 93, 40}, 48, 1.1),
                  of_cut = PlaceAround(cut, {70, 92, 39}, 48, 1.1);
  EXPECT_GT(std::abs(At(whole, reference, {0, 0, 0}).x - At(cut, of_cut, {0, 0, 0}).x), 0.1)
      << "the reference's grid hangs on the corner, else this test shows nothing";
}

TEST(GridOnTheFocus, LiesAlikeInAVolumeStoredTheOtherWayRound) {
  const Geometry plain = TestGeometry({200, 180, 90}, {0.7, 0.7, 2.5});
  std::array<WorldPoint, 3> steps = plain.steps();
  for (WorldPoint& step : steps) step = {-step.x, -step.y, -step.z};
  const Geometry flipped = SteppedGeometry({200, 180, 90}, steps, plain.ToWorld({199, 179, 89}));
  ExpectSamePlaces(plain, PlaceAround(plain, {71, 93, 40}, 48, 1.1, GridOrigin::kFocus), flipped,
                   PlaceAround(flipped, {128, 86, 49}, 48, 1.1, GridOrigin::kFocus));
}

// All of the volume is on the grid, and nothing outside of it.
TEST(GridOnTheFocus, ReachesFromFaceToFace) {
  const Geometry geometry = TestGeometry({50, 40, 7}, {1, 1, 4});
  for (const double focus : {0.0, 3.0, 17.0, 39.0}) {
    const Placement placement =
        PlaceAround(geometry, {focus, focus, std::min(focus, 6.0)}, 48, 1.5, GridOrigin::kFocus);
    const CanonicalGrid& grid = placement.grid;
    const std::array<int64_t, 3> sizes = {50, 40, 7};
    for (int a = 0; a < 3; ++a) {
      const int s = grid.source_axis[a];
      const double first = grid.first_source[s], step = grid.source_per_voxel[s];
      const double last = first + step * static_cast<double>(grid.shape[a] - 1);
      EXPECT_GE(first, -0.5 - 1e-9);
      EXPECT_LT(first - step, -0.5);
      EXPECT_LT(last, static_cast<double>(sizes[s]) - 0.5);
      EXPECT_GE(last + step, static_cast<double>(sizes[s]) - 0.5 - 1e-9);
    }
  }
}

TEST(GridOnTheFocus, ComesBackFromThePositionThatIsKept) {
  const Geometry tilted = SteppedGeometry({64, 64, 20}, {{{0.8, 0, 0}, {0, 0.8, 0}, {0, -1.4, 2}}});
  const ResolvedPrompts prompts = PointAt({20.3, 30.1, 9.7});
  const Placement first = *PlacePatch(tilted, prompts, 48, 1.1, GridOrigin::kFocus);
  const Placement again = PlaceAtPosition(tilted, PositionOf(tilted, prompts, first), 48, GridOrigin::kFocus);
  EXPECT_EQ(again.begin, first.begin);
  EXPECT_EQ(again.grid.first_source, first.grid.first_source);
  EXPECT_EQ(again.grid.shape, first.grid.shape);
}

TEST(GridOnTheFocus, HangsOnTheMiddleOfAMask) {
  const Geometry geometry = TestGeometry({60, 60, 30}, {0.9, 0.9, 3});
  Mask mask(geometry.shape());
  for (int64_t i = 20; i < 31; ++i) mask.Set(i, 25, 12);
  const Placement placement = *PlaceAroundMask(geometry, mask, 48, 1.3, GridOrigin::kFocus);
  for (const double along : SourceToPatch(placement, {25, 25, 12}))
    EXPECT_NEAR(along, 24, kLatticeVoxels / 2 + 1e-3);
}

}  // namespace
}  // namespace sgpsam
