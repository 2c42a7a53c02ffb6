#include "core/transform/prepare_prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/engine/engine.h"
#include "core/transform/patch_mask.h"
#include "core/transform/resolve_prompts.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;

constexpr int64_t kPatch = 128;

class PreparePromptsTest : public testing::Test {
 protected:
  // Axes along R, A and S, so that patch voxels are source voxels but for the shift.
  const Geometry geometry_ = SteppedGeometry({200, 200, 200}, {{{-1.5, 0, 0}, {0, -1.5, 0}, {0, 0, 1.5}}});
  const Placement placement_ = PlaceAtBegin(geometry_, {10, 20, 30}, kPatch, kUsualSpacingMm);

  absl::StatusOr<PreparedPrompts> Prepare(const Prompts& prompts, const PromptRules& rules = {}) const {
    return PrepareIn(geometry_, placement_, prompts, rules);
  }

  static absl::StatusOr<PreparedPrompts> PrepareIn(const Geometry& geometry, const Placement& placement,
                                                   const Prompts& prompts, const PromptRules& rules = {}) {
    ASSIGN_OR_RETURN(const ResolvedPrompts resolved, ResolvePrompts(geometry, PatchSizes(), prompts));
    return PreparePrompts(geometry, placement, resolved, PatchSizes(), rules);
  }

  // Of prompts that are in order.
  ResolvedPrompts Resolved(const Prompts& prompts) const {
    return *ResolvePrompts(geometry_, PatchSizes(), prompts);
  }

  absl::StatusOr<PreparedPrompts> PrepareCorners(const Prompts& prompts) const {
    PromptRules rules;
    rules.box_use = BoxUse::kCorners;
    return Prepare(prompts, rules);
  }

  void ExpectRefused(const Prompts& prompts, const char* why) const {
    const absl::Status status = Prepare(prompts).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(why));
    EXPECT_NE(ReasonOf(status), Reason::kNone) << status;
  }

  static Prompts Points(std::vector<PointPrompt> points) {
    Prompts prompts;
    prompts.points = std::move(points);
    return prompts;
  }

  // A cube of the patch, begin to begin + side on each axis.
  Prompts CubeMask(int64_t begin, int64_t side) const {
    Prompts prompts;
    prompts.mask = Mask(geometry_.shape());
    for (int64_t k = begin; k < begin + side; ++k) {
      for (int64_t j = begin; j < begin + side; ++j) {
        for (int64_t i = begin; i < begin + side; ++i) prompts.mask->Set(10 + i, 20 + j, 30 + k);
      }
    }
    return prompts;
  }
};

// What is marked lies in the box's ellipsoid; a mask, or previous logits, say more.
TEST_F(PreparePromptsTest, BringsTheLikelyShapeOfABoxAsLogits) {
  Prompts prompts;
  prompts.boxes = {{VoxelIndex{50, 60, 70}, VoxelIndex{89, 99, 109}},
                   {VoxelIndex{20, 30, 40}, VoxelIndex{22, 32, 42}, false}};
  PromptRules rules;
  rules.box_use = BoxUse::kShape;
  const auto prepared = Prepare(prompts, rules);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  ASSERT_THAT(prepared->mask_logits, SizeIs(32 * 32 * 32));
  const auto logit = [&](int64_t i, int64_t j, int64_t k) {  // of the cell of a patch voxel
    return prepared->mask_logits[static_cast<size_t>(((i / 4) * 32 + j / 4) * 32 + k / 4)];
  };
  EXPECT_EQ(logit(60, 60, 60), kMaskPromptLogit) << "the middle";
  EXPECT_EQ(logit(41, 41, 41), -kMaskPromptLogit) << "a corner of the box";
  EXPECT_TRUE(prepared->uses[0].mask_logits);
  EXPECT_EQ(prepared->uses[0].clicks, 1);
  EXPECT_FALSE(prepared->uses[1].mask_logits);
  EXPECT_TRUE(Prepare(prompts)->mask_logits.empty()) << "of a model that has not learned that";
  prompts.previous_logits.assign(static_cast<size_t>(PatchSizes().logits_floats()), -3);
  const auto refined = Prepare(prompts, rules);
  ASSERT_TRUE(refined.ok()) << refined.status();
  EXPECT_THAT(refined->mask_logits, Each(-3));
  EXPECT_FALSE(refined->uses[0].mask_logits);
}

TEST_F(PreparePromptsTest, PointsBecomeTheNearestPatchVoxelsInOrder) {
  absl::StatusOr<PreparedPrompts> prepared =
      Prepare(Points({{VoxelIndex{15, 26, 37}, true}, {VoxelIndex{20.4, 20.6, 157.5}, false}}));
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  ASSERT_THAT(prepared->clicks, SizeIs(2));
  EXPECT_EQ(prepared->clicks[0].i, 5);
  EXPECT_EQ(prepared->clicks[0].j, 6);
  EXPECT_EQ(prepared->clicks[0].k, 7);
  EXPECT_TRUE(prepared->clicks[0].positive);
  EXPECT_EQ(prepared->clicks[1].i, 10);
  EXPECT_EQ(prepared->clicks[1].j, 1);
  EXPECT_EQ(prepared->clicks[1].k, 127);  // on the patch's outer face
  EXPECT_FALSE(prepared->clicks[1].positive);
  EXPECT_TRUE(prepared->mask_logits.empty());
}

TEST_F(PreparePromptsTest, SaysWhichPointLiesHowFarOutsideThePatch) {
  ExpectRefused(Points({{VoxelIndex{50, 50, 50}, true}, {VoxelIndex{50, 50, 161.5}, true}}),
                "point 2: lies 6 mm");
}

TEST_F(PreparePromptsTest, NeedsSomethingPositive) {
  ExpectRefused(Points({}), "no positive prompt");
  ExpectRefused(Points({{VoxelIndex{50, 50, 50}, false}}), "no positive prompt");
  Prompts refinement = Points({{VoxelIndex{50, 50, 50}, false}});
  refinement.previous_logits.assign(PatchSizes().logits_floats(), 1.0f);
  ExpectRefused(refinement, "no positive prompt");
}

TEST_F(PreparePromptsTest, TakesSixtyFourPoints) {
  std::vector<PointPrompt> points(kMaxPoints, {VoxelIndex{50, 50, 50}, true});
  EXPECT_TRUE(Prepare(Points(points)).ok());
  points.push_back(points[0]);
  ExpectRefused(Points(points), "at most 64");
  // The click that a box adds does not count among them.
  Prompts prompts = Points(std::vector<PointPrompt>(kMaxPoints, {VoxelIndex{50, 50, 50}, false}));
  prompts.boxes = {{VoxelIndex{40, 40, 40}, VoxelIndex{60, 60, 60}}};
  EXPECT_THAT(Prepare(prompts)->clicks, SizeIs(kMaxPoints + 1));
}

TEST_F(PreparePromptsTest, ABoxIsClickedInItsMiddleUnlessAPositivePointLiesInIt) {
  Prompts prompts = Points({{VoxelIndex{50, 50, 50}, false}});
  prompts.boxes = {BoxPrompt{VoxelIndex{80, 40, 40}, VoxelIndex{60, 60, 70}}};
  absl::StatusOr<PreparedPrompts> prepared = Prepare(prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  ASSERT_THAT(prepared->clicks, SizeIs(2));
  EXPECT_EQ(prepared->clicks[1].i, 60);
  EXPECT_EQ(prepared->clicks[1].j, 30);
  EXPECT_EQ(prepared->clicks[1].k, 25);
  EXPECT_TRUE(prepared->clicks[1].positive);
  prompts.points[0] = {VoxelIndex{65, 50, 50}, true};
  EXPECT_THAT(Prepare(prompts)->clicks, SizeIs(1));
}

TEST_F(PreparePromptsTest, ABoxBecomesItsCornersInOrderForAModelThatKnowsThem) {
  Prompts prompts;
  prompts.boxes = {BoxPrompt{VoxelIndex{80, 40, 40.25}, VoxelIndex{60, 60, 70}}};
  absl::StatusOr<PreparedPrompts> prepared = PrepareCorners(prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_THAT(prepared->clicks, testing::IsEmpty());
  ASSERT_TRUE(prepared->box.has_value());
  EXPECT_THAT(prepared->box->low, testing::ElementsAre(50, 20, 10.25f));
  EXPECT_THAT(prepared->box->high, testing::ElementsAre(70, 40, 40));
  prompts.points = {{VoxelIndex{50, 50, 50}, true}, {VoxelIndex{51, 50, 50}, false}};
  prepared = PrepareCorners(prompts);
  EXPECT_THAT(prepared->clicks, SizeIs(2));
  EXPECT_TRUE(prepared->box.has_value());
}

TEST_F(PreparePromptsTest, ABoxsCornersAreCutToThePatch) {
  Prompts prompts;
  prompts.boxes = {BoxPrompt{VoxelIndex{0, 30, 30}, VoxelIndex{199, 199, 199}}};
  const absl::StatusOr<PreparedPrompts> prepared = PrepareCorners(prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_THAT(prepared->box->low, testing::ElementsAre(0, 10, 0));
  EXPECT_THAT(prepared->box->high, testing::ElementsAre(127, 127, 127));
  prompts.boxes = {BoxPrompt{VoxelIndex{0, 30, 30}, VoxelIndex{9, 40, 40}}};
  EXPECT_THAT(PrepareCorners(prompts).status().message(), HasSubstr("box 1: lies"));
}

// A voxel of a click in the volume.
Voxel SourceOf(const Click& click) {
  return {static_cast<int64_t>(click.i) + 10, static_cast<int64_t>(click.j) + 20,
          static_cast<int64_t>(click.k) + 30};
}

TEST_F(PreparePromptsTest, EachBoxIsClickedUnlessSomethingPositiveLiesInIt) {
  Prompts prompts = Points({{VoxelIndex{50, 50, 50}, true}});
  prompts.boxes = {{VoxelIndex{40, 40, 40}, VoxelIndex{60, 60, 60}},     // holds the point
                   {VoxelIndex{70, 70, 70}, VoxelIndex{90, 90, 90}},     // nothing
                   {VoxelIndex{100, 40, 40}, VoxelIndex{120, 60, 60}},   // a line
                   {VoxelIndex{40, 100, 40}, VoxelIndex{60, 120, 60}}};  // a scribble
  prompts.lines = {{VoxelIndex{105, 50, 50}, VoxelIndex{115, 50, 50}}};
  prompts.scribbles = {{{{40, 43, 100, 41}}}};
  const absl::StatusOr<PreparedPrompts> prepared = Prepare(prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  std::vector<int> clicks;
  for (const PromptUse& use : prepared->uses) clicks.push_back(use.clicks);
  EXPECT_THAT(clicks, testing::ElementsAre(1, 0, 1, 0, 0, 3, 3));
  EXPECT_EQ(SourceOf(prepared->clicks.at(1)), (Voxel{80, 80, 80}));
}

TEST_F(PreparePromptsTest, ALineIsClickedInItsMiddleAndOnBothSides) {
  Prompts prompts;
  prompts.lines = {{VoxelIndex{40, 50, 60}, VoxelIndex{80, 50, 60}}};
  const absl::StatusOr<PreparedPrompts> prepared = Prepare(prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  ASSERT_THAT(prepared->clicks, SizeIs(3));
  EXPECT_EQ(SourceOf(prepared->clicks[0]), (Voxel{60, 50, 60}));
  EXPECT_EQ(SourceOf(prepared->clicks[1]), (Voxel{50, 50, 60}));
  EXPECT_EQ(SourceOf(prepared->clicks[2]), (Voxel{70, 50, 60}));
  EXPECT_TRUE(prepared->clicks[2].positive);
}

TEST_F(PreparePromptsTest, AScribbleIsClickedDeepInsideFirstAndThenFarApart) {
  Prompts prompts;
  prompts.scribbles.push_back({});
  for (int32_t k = 60; k < 67; ++k) {  // a bar of 61 x 7 x 7
    for (int32_t j = 60; j < 67; ++j) prompts.scribbles[0].runs.push_back({40, 101, j, k});
  }
  const absl::StatusOr<PreparedPrompts> prepared = Prepare(prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  ASSERT_THAT(prepared->clicks, SizeIs(kScribbleClicks));
  EXPECT_EQ(SourceOf(prepared->clicks[0]), (Voxel{70, 63, 63}));
  // The two ends come next.
  EXPECT_EQ(std::abs(SourceOf(prepared->clicks[1]).i - 70), 30);
  EXPECT_EQ(SourceOf(prepared->clicks[1]).i + SourceOf(prepared->clicks[2]).i, 140);
  for (const Click& click : prepared->clicks) {
    const Voxel at = SourceOf(click);
    EXPECT_TRUE(at.i >= 40 && at.i < 101 && at.j >= 60 && at.j < 67 && at.k >= 60 && at.k < 67);
    EXPECT_TRUE(click.positive);
  }
  // The same again, and a small one in fewer: no voxel twice.
  EXPECT_EQ(Prepare(prompts)->clicks[7].i, prepared->clicks[7].i);
  prompts.scribbles = {{{{50, 53, 50, 50}}}, {{{50, 52, 52, 50}}, /*positive=*/false}};
  const auto small = Prepare(prompts);
  ASSERT_THAT(small->clicks, SizeIs(5));
  EXPECT_FALSE(small->clicks[3].positive);
}

TEST_F(PreparePromptsTest, OfAScribbleThePartInThePatchCounts) {
  Prompts prompts = Points({{VoxelIndex{50, 50, 50}, true}});
  prompts.scribbles = {{{{0, 200, 60, 60}}}, {{{0, 5, 60, 60}}}};
  const absl::StatusOr<PreparedPrompts> prepared = Prepare(prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_EQ(prepared->uses[1].clicks, static_cast<int>(kScribbleClicks));
  EXPECT_EQ(prepared->uses[2].clicks, 0);
  for (size_t n = 1; n < prepared->clicks.size(); ++n) {
    EXPECT_GE(prepared->clicks[n].i, 0);
    EXPECT_LT(prepared->clicks[n].i, kPatch);
  }
}

// Slices of 5 mm: three patch voxels on each of them.
TEST_F(PreparePromptsTest, AScribbleOnThickSlicesIsMeasuredInMillimetres) {
  const Geometry thick = SteppedGeometry({200, 200, 40}, {{{-1, 0, 0}, {0, -1, 0}, {0, 0, 5}}});
  const Placement placement = PlaceAtBegin(thick, {10, 10, 0}, kPatch, kUsualSpacingMm);
  Prompts prompts;
  prompts.scribbles = {{{{60, 80, 80, 10}, {60, 80, 80, 16}}}};  // 20 mm long, 30 mm apart
  const absl::StatusOr<PreparedPrompts> prepared = PrepareIn(thick, placement, prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_GT(std::abs(prepared->clicks.at(1).k - prepared->clicks.at(0).k) * 1.5, 25);
}

TEST_F(PreparePromptsTest, ANegativeBoxBecomesNegativeClicksInItsMiddleAndAround) {
  Prompts prompts = Points({{VoxelIndex{50, 50, 50}, true}});
  prompts.boxes = {{VoxelIndex{60, 60, 60}, VoxelIndex{80, 80, 80}, /*positive=*/false},
                   {VoxelIndex{90, 90, 70}, VoxelIndex{100, 100, 70}, /*positive=*/false}};  // of one slice
  for (const BoxUse use : {BoxUse::kClick, BoxUse::kCorners}) {
    PromptRules rules;
    rules.box_use = use;
    const absl::StatusOr<PreparedPrompts> prepared = Prepare(prompts, rules);
    ASSERT_TRUE(prepared.ok()) << prepared.status();
    EXPECT_FALSE(prepared->box.has_value());
    EXPECT_EQ(prepared->uses[1].clicks, 9);
    EXPECT_EQ(prepared->uses[2].clicks, 5);
    EXPECT_EQ(SourceOf(prepared->clicks[1]), (Voxel{70, 70, 70}));
    for (size_t n = 1; n < prepared->clicks.size(); ++n) EXPECT_FALSE(prepared->clicks[n].positive);
  }
}

TEST_F(PreparePromptsTest, OnlyTheFirstBoxThatIsNotFlatBecomesCorners) {
  Prompts prompts;
  prompts.boxes = {{VoxelIndex{40, 40, 50}, VoxelIndex{60, 60, 50}},
                   {VoxelIndex{60, 40, 40}, VoxelIndex{80, 60, 70}},
                   {VoxelIndex{90, 40, 40}, VoxelIndex{99, 60, 70}}};
  const absl::StatusOr<PreparedPrompts> prepared = PrepareCorners(prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_FALSE(prepared->uses[0].box_corners);
  EXPECT_TRUE(prepared->uses[1].box_corners);
  EXPECT_FALSE(prepared->uses[2].box_corners);
  EXPECT_THAT(prepared->box->low, testing::ElementsAre(50, 20, 10));
  EXPECT_THAT(prepared->clicks, SizeIs(2));
}

TEST_F(PreparePromptsTest, AllThatATargetTakesFitsIntoOneDecode) {
  Prompts prompts = Points(std::vector<PointPrompt>(kMaxPoints, {VoxelIndex{50, 50, 50}, true}));
  prompts.lines.assign(kMaxLines, {VoxelIndex{50, 50, 50}, VoxelIndex{60, 60, 60}});
  prompts.boxes.assign(kMaxBoxes, {VoxelIndex{60, 60, 60}, VoxelIndex{90, 90, 90}});
  for (size_t n = 0; n < kMaxScribbles; ++n) {
    prompts.scribbles.push_back({{{40, 100, static_cast<int32_t>(40 + n), 100}}});
  }
  for (const bool positive : {true, false}) {
    for (BoxPrompt& box : prompts.boxes) box.positive = positive;
    const absl::StatusOr<PreparedPrompts> prepared = Prepare(prompts);
    ASSERT_TRUE(prepared.ok()) << prepared.status();
    EXPECT_LE(prepared->clicks.size(), static_cast<size_t>(kMaxClicks));
    for (size_t n = 64 + 16 + 4; n < prepared->uses.size(); ++n) EXPECT_GT(prepared->uses[n].clicks, 0) << n;
  }
}

TEST_F(PreparePromptsTest, SaysWhichPromptLiesOutsideThePatchOfPreviousLogits) {
  Prompts prompts;
  prompts.boxes = {{VoxelIndex{0, 0, 0}, VoxelIndex{2, 2, 2}, /*positive=*/false},
                   {VoxelIndex{0, 40, 40}, VoxelIndex{2, 42, 42}}};
  EXPECT_THAT(Prepare(prompts).status().message(), HasSubstr("box 2: lies"));
  prompts.boxes.clear();
  prompts.lines = {{VoxelIndex{0, 40, 40}, VoxelIndex{2, 42, 42}}};
  EXPECT_THAT(Prepare(prompts).status().message(), HasSubstr("line 1: lies"));
  prompts.lines.clear();
  prompts.scribbles = {{{{0, 5, 60, 60}}}};
  EXPECT_THAT(Prepare(prompts).status().message(), HasSubstr("scribble 1: lies"));
  EXPECT_EQ(ReasonOf(Prepare(prompts).status()), Reason::kPromptOutsidePatch);
}

TEST_F(PreparePromptsTest, ListsWhatBecameOfAMaskAndOfPreviousLogits) {
  const auto mask = Prepare(CubeMask(50, 10));
  ASSERT_THAT(mask->uses, SizeIs(1));
  EXPECT_EQ(mask->uses[0].kind, PromptKind::kMask);
  EXPECT_TRUE(mask->uses[0].mask_logits);
  EXPECT_EQ(mask->uses[0].clicks, 1);
}

TEST_F(PreparePromptsTest, LeavesOutPointsBesideThePatchIfItMay) {
  const Prompts prompts = Points({{VoxelIndex{50, 50, 50}, true}, {VoxelIndex{50, 50, 161.5}, true}});
  PromptRules rules;
  rules.far_points = FarPoints::kLeaveOut;
  EXPECT_THAT(Prepare(prompts, rules)->clicks, SizeIs(1));
  const Placement other = PlaceAtBegin(geometry_, {10, 20, 94}, kPatch, kUsualSpacingMm);
  EXPECT_TRUE(CheckPointsSeen(geometry_, {placement_, other}, Resolved(prompts)).ok());
  EXPECT_THAT(CheckPointsSeen(geometry_, {placement_}, Resolved(prompts)).message(),
              HasSubstr("point 2: lies 6 mm"));
}

// No mask reaches a place where nobody looked.
TEST_F(PreparePromptsTest, NegativePointsBesideThePatchHaveWhatTheyAskFor) {
  const Prompts prompts = Points({{VoxelIndex{50, 50, 50}, true}, {VoxelIndex{50, 50, 161.5}, false}});
  const absl::StatusOr<PreparedPrompts> prepared = Prepare(prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_THAT(prepared->clicks, SizeIs(1));
}

// Logits of 32^3 cells, 9 in a cube of cells from `begin` and of `side`, -9 elsewhere.
std::vector<float> CubeOfLogits(const std::array<int64_t, 3>& begin, int64_t side) {
  std::vector<float> logits(PatchSizes().logits_floats(), -9.0f);
  for (int64_t i = 0; i < side; ++i) {
    for (int64_t j = 0; j < side; ++j) {
      for (int64_t k = 0; k < side; ++k) {
        logits[((begin[0] + i) * 32 + begin[1] + j) * 32 + begin[2] + k] = 9;
      }
    }
  }
  return logits;
}

TEST_F(PreparePromptsTest, PreviousLogitsOfAKnownPatchMakeANegativePointEnough) {
  Prompts prompts = Points({{VoxelIndex{30, 40, 50}, false}});
  prompts.previous_logits = CubeOfLogits({10, 12, 14}, 5);
  ExpectRefused(prompts, "no positive prompt");
  prompts.previous_patch = PositionOf(geometry_, {}, placement_);
  const absl::StatusOr<PreparedPrompts> prepared = Prepare(prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_EQ(prepared->mask_logits, prompts.previous_logits);  // bit by bit: they lie on this patch
  ASSERT_THAT(prepared->clicks, SizeIs(2));
  EXPECT_FALSE(prepared->clicks[0].positive);
  EXPECT_TRUE(prepared->clicks[1].positive);
  EXPECT_EQ(prepared->clicks[1].i, 12 * 4 + 2);  // the middle cell of the cube
  EXPECT_EQ(prepared->clicks[1].j, 14 * 4 + 2);
  EXPECT_EQ(prepared->clicks[1].k, 16 * 4 + 2);
}

TEST_F(PreparePromptsTest, TheClickIntoPreviousLogitsKeepsAwayFromNegativePoints) {
  Prompts prompts = Points({{VoxelIndex{10 + 50, 20 + 58, 30 + 66}, false}});  // the middle of the cube
  prompts.previous_logits = CubeOfLogits({10, 12, 14}, 5);
  prompts.previous_patch = PositionOf(geometry_, {}, placement_);
  const absl::StatusOr<PreparedPrompts> prepared = Prepare(prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  const Click& click = prepared->clicks.at(1);
  EXPECT_GE(std::hypot(click.i - 50, click.j - 58, click.k - 66), 4);
  prompts.previous_logits = CubeOfLogits({12, 14, 16}, 1);
  ExpectRefused(prompts, "give a positive point");
}

TEST_F(PreparePromptsTest, PreviousLogitsOfAnotherSpacingAreResampled) {
  Prompts prompts = Points({{VoxelIndex{10 + 64, 20 + 64, 30 + 64}, true}});
  prompts.previous_logits = CubeOfLogits({12, 12, 12}, 8);
  prompts.previous_patch = PositionOf(geometry_, {}, placement_);
  const Placement finer = *PlacePatch(geometry_, Resolved(prompts), kPatch, 0.75, GridOrigin::kVolume);
  const absl::StatusOr<PreparedPrompts> prepared = PrepareIn(geometry_, finer, prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  const auto logit = [&](int64_t i, int64_t j, int64_t k) {
    return prepared->mask_logits[(i * 32 + j) * 32 + k];
  };
  EXPECT_EQ(logit(16, 16, 16), 9);
  EXPECT_EQ(logit(10, 10, 10), 9);  // twice as large on a grid half as wide
  EXPECT_EQ(logit(21, 21, 21), 9);
  EXPECT_EQ(logit(5, 16, 16), -9);
  EXPECT_THAT(prepared->clicks, SizeIs(1));
}

// Slices of 0.5 mm under patch voxels of 1.5: two of three are never read.
TEST_F(PreparePromptsTest, AMaskOfOneThinSliceLeavesItsMark) {
  const Geometry thin = SteppedGeometry({200, 200, 300}, {{{-1.5, 0, 0}, {0, -1.5, 0}, {0, 0, 0.5}}});
  const Placement placement = PlaceAtBegin(thin, {10, 20, 0}, kPatch, kUsualSpacingMm);
  for (int64_t slice = 150; slice < 153; ++slice) {
    Prompts prompts;
    prompts.mask.emplace(thin.shape());
    for (int64_t i = 50; i < 60; ++i) prompts.mask->Set(i, 70, slice);
    const absl::StatusOr<PreparedPrompts> prepared = PrepareIn(thin, placement, prompts);
    ASSERT_TRUE(prepared.ok()) << prepared.status();
    ASSERT_THAT(prepared->clicks, SizeIs(1));
    EXPECT_NEAR(prepared->clicks[0].k, 50, 0.51) << slice;
    EXPECT_NEAR(prepared->clicks[0].i, 45, 5) << slice;
  }
}

TEST_F(PreparePromptsTest, CountsThePointsThatAMaskObeys) {
  Mask mask(geometry_.shape());
  mask.Set(50, 51, 52);
  const auto obeyed = [&](std::vector<PointPrompt> points) {
    return CountPointsObeyed(mask, Resolved(Points(std::move(points))));
  };
  EXPECT_EQ(obeyed({{VoxelIndex{50.4, 50.6, 52}, true}}), 1);
  EXPECT_EQ(obeyed({{VoxelIndex{50.4, 50.6, 52}, false}}), 0);
  EXPECT_EQ(obeyed({{VoxelIndex{50, 51, 52.6}, true}}), 0);
  EXPECT_EQ(obeyed({{VoxelIndex{50, 51, 52}, true}, {VoxelIndex{-0.5, -0.5, -0.5}, false}}), 2);
}

class FollowUpTest : public PreparePromptsTest {
 protected:
  // Logits of a ball around patch voxel `centre` of the first patch.
  LogitsBox Found(double radius, const std::array<double, 3>& centre) const {
    std::vector<float> values;
    for (int64_t n = 0; n < PatchSizes().logits_floats(); ++n) {
      const std::array<double, 3> at{4.0 * (n / 1024) + 1.5, 4.0 * (n / 32 % 32) + 1.5, 4.0 * (n % 32) + 1.5};
      values.push_back(
          static_cast<float>(radius - std::hypot(at[0] - centre[0], at[1] - centre[1], at[2] - centre[2])));
    }
    return OnePatch(values, PatchSizes(), placement_);
  }
  // For the patch half a patch further along i.
  std::optional<PreparedPrompts> FollowUp(const Prompts& prompts, const LogitsBox& found,
                                          BoxUse box_use = BoxUse::kClick) const {
    return PrepareFollowUp(geometry_, next_, Resolved(prompts), found, PatchSizes(), box_use);
  }

  const Placement next_ = PlaceAtBegin(geometry_, {74, 20, 30}, kPatch, kUsualSpacingMm);
};

TEST_F(FollowUpTest, KeepsThePointsInSightAndWhatWasFound) {
  const auto prepared = FollowUp(Points({{VoxelIndex{90, 50, 60}, true},
                                         {VoxelIndex{60, 50, 60}, false},
                                         {VoxelIndex{190, 50, 60}, false}}),
                                 Found(30, {90, 40, 40}));
  ASSERT_TRUE(prepared.has_value());
  ASSERT_THAT(prepared->clicks, SizeIs(2));
  EXPECT_EQ(prepared->clicks[0].i, 16);
  EXPECT_TRUE(prepared->clicks[0].positive);
  EXPECT_EQ(prepared->clicks[1].i, 116);
  EXPECT_FALSE(prepared->clicks[1].positive);
  ASSERT_THAT(prepared->mask_logits, SizeIs(32 * 32 * 32));
  const LogitsBox found = Found(30, {90, 40, 40});
  EXPECT_EQ(prepared->mask_logits[(5 * 32 + 10) * 32 + 10], found.values[found.Offset(21, 10, 10)]);
  EXPECT_EQ(prepared->mask_logits[(16 * 32 + 10) * 32 + 10], 0);  // not seen yet
}

TEST_F(FollowUpTest, ClicksDeepInsideWhatWasFoundWhereNothingPositiveIsInSight) {
  const auto prepared = FollowUp(Points({{VoxelIndex{60, 50, 60}, true}, {VoxelIndex{190, 50, 60}, false}}),
                                 Found(40, {90, 40, 44}));
  ASSERT_TRUE(prepared.has_value());
  ASSERT_THAT(prepared->clicks, SizeIs(2));
  const Click& click = prepared->clicks[1];
  EXPECT_TRUE(click.positive);
  // In the first patch at 64 to 128 along i, as far from the ball's surface as from what was not seen.
  EXPECT_NEAR(click.i, 26, 8);
  EXPECT_NEAR(click.j, 40, 4);
  EXPECT_NEAR(click.k, 44, 4);
}

TEST_F(FollowUpTest, IsNothingWhereNothingPositiveIsInSight) {
  EXPECT_FALSE(FollowUp(Points({{VoxelIndex{60, 50, 60}, true}}), Found(10, {20, 40, 40})).has_value());
}

TEST_F(FollowUpTest, CutsTheBoxToThisPatch) {
  Prompts prompts;
  prompts.boxes = {BoxPrompt{VoxelIndex{20, 40, 40}, VoxelIndex{180, 60, 60}}};
  const auto prepared = FollowUp(prompts, Found(10, {20, 40, 40}), BoxUse::kCorners);
  ASSERT_TRUE(prepared.has_value());
  EXPECT_THAT(prepared->clicks, testing::IsEmpty());
  EXPECT_THAT(prepared->box->low, testing::ElementsAre(0, 20, 10));
  EXPECT_THAT(prepared->box->high, testing::ElementsAre(106, 40, 30));
  // As a click its middle counts, where it lies in the patch.
  EXPECT_EQ(FollowUp(prompts, Found(10, {20, 40, 40}))->clicks.at(0).i, 26);
}

TEST_F(FollowUpTest, TakesAMaskPromptWhereNothingWasSeen) {
  Prompts prompts = CubeMask(80, 40);  // of the first patch; goes 16 voxels on into what was not seen
  for (int64_t i = 130; i < 160; ++i) prompts.mask->Set(10 + i, 20 + 90, 30 + 90);
  const auto prepared = FollowUp(prompts, Found(10, {80, 40, 40}));
  ASSERT_TRUE(prepared.has_value());
  const auto logit = [&](int64_t i, int64_t j, int64_t k) {
    return prepared->mask_logits[(i * 32 + j) * 32 + k];
  };
  EXPECT_LT(logit(8, 25, 25), 0);  // the first answer left this out
  EXPECT_FLOAT_EQ(logit(20, 10, 10), -kMaskPromptLogit);
  EXPECT_GT(logit(20, 22, 22), -kMaskPromptLogit);
}

TEST_F(PreparePromptsTest, AMaskBecomesLogitsByTheShareOfEachCell) {
  // Voxels 6 to 13: of the cells 4-7, 8-11, 12-15 a half, the whole and a half along each axis.
  absl::StatusOr<PreparedPrompts> prepared = Prepare(CubeMask(6, 8));
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  ASSERT_THAT(prepared->mask_logits, SizeIs(32 * 32 * 32));
  const auto logit = [&](int64_t i, int64_t j, int64_t k) {
    return prepared->mask_logits[(i * 32 + j) * 32 + k];
  };
  EXPECT_FLOAT_EQ(logit(2, 2, 2), kMaskPromptLogit);
  EXPECT_FLOAT_EQ(logit(1, 2, 2), 0);
  EXPECT_FLOAT_EQ(logit(1, 3, 2), -kMaskPromptLogit / 2);
  EXPECT_FLOAT_EQ(logit(0, 0, 0), -kMaskPromptLogit);
  EXPECT_FLOAT_EQ(logit(20, 2, 2), -kMaskPromptLogit);
}

TEST_F(PreparePromptsTest, AMaskWithoutAPointIsClickedInItsMiddle) {
  absl::StatusOr<PreparedPrompts> prepared = Prepare(CubeMask(40, 21));
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  ASSERT_THAT(prepared->clicks, SizeIs(1));
  EXPECT_EQ(prepared->clicks[0].i, 50);
  EXPECT_EQ(prepared->clicks[0].j, 50);
  EXPECT_EQ(prepared->clicks[0].k, 50);
  EXPECT_TRUE(prepared->clicks[0].positive);
}

TEST_F(PreparePromptsTest, TheClickIntoAMaskLiesInItsThickPart) {
  // A long thin handle and a cube at its end: the middle of the whole is in the handle.
  Prompts prompts = CubeMask(90, 15);
  for (int64_t i = 0; i < 90; ++i) {
    for (int64_t k = 96; k < 99; ++k) prompts.mask->Set(10 + i, 20 + 97, 30 + k);
  }
  absl::StatusOr<PreparedPrompts> prepared = Prepare(prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_EQ(prepared->clicks[0].i, 97);
  EXPECT_EQ(prepared->clicks[0].j, 97);
  EXPECT_EQ(prepared->clicks[0].k, 97);
}

TEST_F(PreparePromptsTest, TheClickIntoARingLiesInTheRing) {
  Prompts prompts;
  prompts.mask = Mask(geometry_.shape());
  for (int64_t i = 30; i < 90; ++i) {
    for (int64_t j = 30; j < 90; ++j) {
      const double r = std::hypot(i - 60.0, j - 60.0);
      for (int64_t k = 60; k < 66; ++k) {
        if (r > 15 && r < 25) prompts.mask->Set(i, j, k);
      }
    }
  }
  absl::StatusOr<PreparedPrompts> prepared = Prepare(prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  const Click& click = prepared->clicks[0];
  EXPECT_TRUE(prompts.mask->at(static_cast<int64_t>(click.i) + 10, static_cast<int64_t>(click.j) + 20,
                               static_cast<int64_t>(click.k) + 30));
}

TEST_F(PreparePromptsTest, AMaskWithAPointAddsNoClick) {
  Prompts prompts = CubeMask(40, 20);
  prompts.points.push_back({VoxelIndex{60, 60, 60}, true});
  EXPECT_THAT(Prepare(prompts)->clicks, SizeIs(1));
  EXPECT_FALSE(Prepare(prompts)->mask_logits.empty());
}

TEST_F(PreparePromptsTest, RefusesMasksThatSayNothing) {
  Prompts prompts;
  prompts.mask = Mask(geometry_.shape());
  ExpectRefused(prompts, "no voxel");
  prompts.mask->Set(0, 0, 0);  // outside the patch
  ExpectRefused(prompts, "no voxel");
}

TEST_F(PreparePromptsTest, PassesPreviousLogitsOnUnchanged) {
  Prompts prompts = Points({{VoxelIndex{50, 50, 50}, true}});
  prompts.previous_logits.assign(PatchSizes().logits_floats(), 2.5f);
  absl::StatusOr<PreparedPrompts> prepared = Prepare(prompts);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_THAT(prepared->mask_logits, Each(2.5f));
}

TEST_F(PreparePromptsTest, RefusalsHaveTheirReasons) {
  const auto reason_of = [this](const Prompts& prompts) { return ReasonOf(Prepare(prompts).status()); };
  const PointPrompt inside{VoxelIndex{50, 50, 50}, true};
  const absl::Status far = Prepare(Points({inside, {VoxelIndex{50, 50, 161.5}, true}})).status();
  EXPECT_EQ(ReasonOf(far), Reason::kPromptOutsidePatch);
  EXPECT_EQ(ReasonDetail(far, "point"), "2");
  EXPECT_NE(ReasonDetail(far, "outside_mm"), "");
  EXPECT_EQ(reason_of(Points({})), Reason::kNoPositivePrompt);
  Prompts prompts = Points({inside});
  prompts.mask = Mask(geometry_.shape());
  EXPECT_EQ(reason_of(prompts), Reason::kEmptyMask);
}

}  // namespace
}  // namespace sgpsam
