#include "core/transform/resolve_prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/reason.h"
#include "core/engine/engine.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(ResolvePosition, AcceptsTheOuterFacesAndRefusesBeyond) {
  const Geometry geometry = TestGeometry({10, 20, 30}, {1, 2, 3}, {100, 0, -50});
  EXPECT_TRUE(ResolvePosition(geometry, VoxelIndex{-0.5, 19.5, 29.5}).ok());
  EXPECT_TRUE(ResolvePosition(geometry, WorldPoint{99.5, -1, -51.5}).ok());
  const absl::Status outside = ResolvePosition(geometry, VoxelIndex{4, 24.5, 3}).status();
  EXPECT_EQ(outside.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(outside.message(), HasSubstr("10 mm outside"));
  EXPECT_THAT(outside.message(), HasSubstr("j -0.5 to 19.5"));
}

TEST(ResolvePosition, NamesTheExtentInMillimetresToWhoAsksInMillimetres) {
  const Geometry geometry = TestGeometry({10, 20, 30}, {1, 2, 3}, {100, 0, -50});
  const absl::Status outside = ResolvePosition(geometry, WorldPoint{95.5, 0, -54.5}).status();
  EXPECT_THAT(outside.message(), HasSubstr("5 mm outside"));  // 4 and 3 mm
  EXPECT_THAT(outside.message(), HasSubstr("x 99.5 to 109.5, y -1.0 to 39.0, z -51.5 to 38.5 mm"));
}

TEST(ResolvePosition, RefusesNumbersThatAreNotFinite) {
  const Geometry geometry = TestGeometry({10, 20, 30});
  EXPECT_THAT(ResolvePosition(geometry, VoxelIndex{kNan, 0, 0}).status().message(), HasSubstr("finite"));
  EXPECT_THAT(ResolvePosition(geometry, WorldPoint{0, HUGE_VAL, 0}).status().message(), HasSubstr("finite"));
  EXPECT_LT(ResolvePosition(geometry, WorldPoint{0, 1e300, 0}).status().message().size(), 300u);
}

// A volume of 20^3 voxels of 1 mm whose first voxel lies at 100, 0, 0.
class ResolvePromptsTest : public testing::Test {
 protected:
  void ExpectRefused(const Prompts& prompts, const char* why) const {
    const absl::Status status = ResolvePrompts(geometry_, PatchSizes(), prompts).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(why));
    EXPECT_NE(ReasonOf(status), Reason::kNone) << status;
  }

  const Geometry geometry_ = TestGeometry({20, 20, 20}, {1, 1, 1}, {100, 0, 0});
};

TEST_F(ResolvePromptsTest, BringsEveryPositionIntoTheVolumesVoxels) {
  Prompts prompts;
  prompts.points = {{WorldPoint{103, 4, 5}, true}, {VoxelIndex{1, 2, 3.5}, false}};
  prompts.boxes = {BoxPrompt{WorldPoint{102, 2, 2}, VoxelIndex{6, 8, 10}}};
  prompts.previous_logits.assign(PatchSizes().logits_floats(), 1.0f);
  prompts.previous_patch = PatchPosition{{100, 0, 0}, 0.6};
  const absl::StatusOr<ResolvedPrompts> resolved = ResolvePrompts(geometry_, PatchSizes(), prompts);
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  const auto expect_at = [](const VoxelIndex& at, double i, double j, double k) {
    EXPECT_DOUBLE_EQ(at.i, i);
    EXPECT_DOUBLE_EQ(at.j, j);
    EXPECT_DOUBLE_EQ(at.k, k);
  };
  ASSERT_EQ(resolved->points.size(), 2u);
  expect_at(resolved->points[0].at, 3, 4, 5);
  expect_at(resolved->points[1].at, 1, 2, 3.5);
  EXPECT_FALSE(resolved->points[1].positive);
  EXPECT_EQ(resolved->FirstPositive(), &resolved->points[0]);
  expect_at(resolved->boxes.at(0).middle(), 4, 5, 6);
  EXPECT_EQ(resolved->boxes[0].voxels, (VoxelBox{{2, 2, 2}, {7, 9, 11}}));
  EXPECT_EQ(resolved->previous_logits, prompts.previous_logits);
  EXPECT_EQ(resolved->previous_patch->spacing_mm, 0.6);
  EXPECT_FALSE(resolved->mask.has_value());
}

TEST_F(ResolvePromptsTest, KeepsTheMask) {
  Prompts prompts;
  prompts.mask = Mask(geometry_.shape());
  prompts.mask->Set(3, 4, 5);
  const absl::StatusOr<ResolvedPrompts> resolved = ResolvePrompts(geometry_, PatchSizes(), prompts);
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  ASSERT_TRUE(resolved->mask.has_value());
  EXPECT_TRUE(resolved->mask->at(3, 4, 5));
}

TEST_F(ResolvePromptsTest, NamesThePromptThatLiesOutside) {
  Prompts prompts;
  prompts.points = {{VoxelIndex{1, 1, 1}, true}, {VoxelIndex{1, 1, 22.5}, false}};
  ExpectRefused(prompts, "point 2: the position lies 3 mm outside the volume");
  prompts.points = {{VoxelIndex{1, 1, 99}, true}};
  ExpectRefused(prompts, "point 1: the position lies");
  prompts.points.clear();
  prompts.boxes = {BoxPrompt{VoxelIndex{1, 1, 1}, WorldPoint{0, 0, 0}}};
  ExpectRefused(prompts, "box 1: the position lies");
}

TEST_F(ResolvePromptsTest, RefusesAPreviousPatchOutsideTheVolume) {
  Prompts prompts;
  prompts.previous_patch = PatchPosition{{98.25, 0, 0}, 1.5};  // outside, by less than one of its voxels
  EXPECT_TRUE(ResolvePrompts(geometry_, PatchSizes(), prompts).ok());
  prompts.previous_patch = PatchPosition{{90, 0, 0}, 1.5};
  ExpectRefused(prompts, "9.5 mm outside the volume");
  prompts.previous_patch = PatchPosition{{kNan, 0, 0}, 1.5};
  ExpectRefused(prompts, "the patch of the previous logits");
}

TEST_F(ResolvePromptsTest, RefusesLogitsAndMasksThatCannotBe) {
  Prompts prompts;
  prompts.previous_logits.assign(100, 0.0f);
  ExpectRefused(prompts, "32768 values");
  prompts.previous_logits.assign(PatchSizes().logits_floats(), 0.0f);
  prompts.previous_logits[7] = std::nanf("");
  ExpectRefused(prompts, "finite");
  prompts.previous_logits[7] = 0;
  prompts.mask = Mask(geometry_.shape());
  ExpectRefused(prompts, "not both");
  prompts.previous_logits.clear();
  prompts.mask = Mask(Shape{20, 20, 19});
  ExpectRefused(prompts, "shape");
}

TEST_F(ResolvePromptsTest, TakesNoMorePointsThanItMay) {
  Prompts prompts;
  prompts.points.assign(kMaxPoints, {VoxelIndex{5, 5, 5}, true});
  EXPECT_TRUE(ResolvePrompts(geometry_, PatchSizes(), prompts).ok());
  prompts.points.push_back(prompts.points[0]);
  ExpectRefused(prompts, "at most 64");
}

TEST_F(ResolvePromptsTest, ABoxHoldsTheVoxelsWhoseCentresLieInIt) {
  const auto voxels = [this](const VoxelIndex& a, const VoxelIndex& b) {
    Prompts prompts;
    prompts.boxes = {{a, b}};
    return ResolvePrompts(geometry_, PatchSizes(), prompts)->boxes[0].voxels;
  };
  EXPECT_EQ(voxels({2, 3, 4}, {5, 6, 7}), (VoxelBox{{2, 3, 4}, {6, 7, 8}}));
  EXPECT_EQ(voxels({5, 3, 7}, {2, 6, 4}), (VoxelBox{{2, 3, 4}, {6, 7, 8}}));      // any two opposite corners
  EXPECT_EQ(voxels({1.5, 3, 4}, {5.5, 6, 7}), (VoxelBox{{2, 3, 4}, {6, 7, 8}}));  // drawn along voxels' faces
  EXPECT_EQ(voxels({2, 3, 4}, {5, 6, 4}), (VoxelBox{{2, 3, 4}, {6, 7, 5}}));      // one slice
  EXPECT_EQ(voxels({-0.5, -0.5, -0.5}, {19.5, 19.5, 19.5}), (VoxelBox{{0, 0, 0}, {20, 20, 20}}));
  EXPECT_EQ(voxels({19.5, 19.5, 19.5}, {19.5, 19.5, 19.5}), (VoxelBox{{19, 19, 19}, {20, 20, 20}}));
}

TEST_F(ResolvePromptsTest, BringsAScribblesRunsInOrder) {
  Prompts prompts;
  prompts.scribbles = {{{{5, 9, 3, 2}, {0, 2, 0, 0}, {7, 12, 3, 2}, {3, 3, 1, 1}}, /*positive=*/false}};
  const auto resolved = ResolvePrompts(geometry_, PatchSizes(), prompts);
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_FALSE(resolved->scribbles.at(0).positive);
  ASSERT_EQ(resolved->scribbles[0].runs.size(), 2u);
  EXPECT_EQ(resolved->scribbles[0].runs[1].begin, 5);
  EXPECT_EQ(resolved->scribbles[0].runs[1].end, 12);
}

TEST_F(ResolvePromptsTest, LeavesOutLogitsThatSayNothing) {
  Prompts prompts;
  prompts.points = {{VoxelIndex{1, 1, 1}, true}};
  prompts.previous_logits.assign(PatchSizes().logits_floats(), 0.0f);
  EXPECT_TRUE(ResolvePrompts(geometry_, PatchSizes(), prompts)->previous_logits.empty());
  prompts.previous_patch = PatchPosition{{100, 0, 0}, 1.5};
  EXPECT_FALSE(ResolvePrompts(geometry_, PatchSizes(), prompts)->previous_logits.empty());
}

TEST(ResolvePrompts, LimitsWhatScribblesMark) {
  const Geometry geometry = TestGeometry({2048, 1025, 2});
  Prompts prompts;
  prompts.scribbles.resize(2);
  for (int32_t j = 0; j < 1024; ++j) prompts.scribbles[0].runs.push_back({0, 2048, j, 0});
  prompts.scribbles[1] = prompts.scribbles[0];
  for (VoxelRun& run : prompts.scribbles[1].runs) run.k = 1;
  EXPECT_TRUE(ResolvePrompts(geometry, PatchSizes(), prompts).ok());  // 2^22 voxels
  prompts.scribbles[1].runs.push_back({0, 1, 1024, 1});
  const absl::Status status = ResolvePrompts(geometry, PatchSizes(), prompts).status();
  EXPECT_EQ(ReasonOf(status), Reason::kPromptTooLarge);
  EXPECT_THAT(status.message(), HasSubstr("scribble 2"));
}

TEST_F(ResolvePromptsTest, RefusalsHaveTheirReasons) {
  const auto refused = [this](const Prompts& prompts) {
    return ResolvePrompts(geometry_, PatchSizes(), prompts).status();
  };
  Prompts prompts;
  prompts.points = {{VoxelIndex{1, 1, 1}, true}, {VoxelIndex{1, 1, 22.5}, false}};
  EXPECT_EQ(ReasonOf(refused(prompts)), Reason::kPointOutsideVolume);
  EXPECT_EQ(ReasonInfoOf(refused(prompts))->metadata, (ReasonMetadata{{"outside_mm", "3"}, {"point", "2"}}));
  prompts.points.assign(kMaxPoints + 1, {VoxelIndex{5, 5, 5}, true});
  EXPECT_EQ(ReasonOf(refused(prompts)), Reason::kTooManyPoints);
  prompts.points.clear();
  prompts.boxes = {BoxPrompt{VoxelIndex{1, 1, 1}, VoxelIndex{1, 1, 99}}};
  EXPECT_EQ(ReasonOf(refused(prompts)), Reason::kPointOutsideVolume);
  EXPECT_EQ(ReasonDetail(refused(prompts), "prompt"), "box");
  prompts.boxes.clear();
  prompts.lines = {{VoxelIndex{1, 1, 1}, VoxelIndex{1, 1, 1}}, {VoxelIndex{1, 1, 1}, VoxelIndex{1, 1, 99}}};
  EXPECT_EQ(ReasonOf(refused(prompts)), Reason::kPointOutsideVolume);
  EXPECT_EQ(ReasonDetail(refused(prompts), "prompt"), "line");
  EXPECT_EQ(ReasonDetail(refused(prompts), "number"), "2");
  prompts.lines.assign(kMaxLines + 1, {VoxelIndex{1, 1, 1}, VoxelIndex{1, 1, 1}});
  EXPECT_EQ(ReasonOf(refused(prompts)), Reason::kTooManyPrompts);
  prompts.lines.clear();
  prompts.boxes.assign(kMaxBoxes + 1, {VoxelIndex{1, 1, 1}, VoxelIndex{1, 1, 1}});
  EXPECT_EQ(ReasonOf(refused(prompts)), Reason::kTooManyPrompts);
  prompts.boxes.clear();
  prompts.scribbles = {{{{0, 1, 0, 0}}}, {{}}};
  EXPECT_EQ(ReasonOf(refused(prompts)), Reason::kEmptyMask);
  EXPECT_EQ(ReasonDetail(refused(prompts), "prompt"), "scribble");
  EXPECT_EQ(ReasonDetail(refused(prompts), "number"), "2");
  prompts.scribbles = {{{{0, 21, 0, 0}}}};
  EXPECT_EQ(ReasonOf(refused(prompts)), Reason::kMaskMismatch);
  prompts.scribbles.assign(kMaxScribbles + 1, {{{0, 1, 0, 0}}});
  EXPECT_EQ(ReasonOf(refused(prompts)), Reason::kTooManyPrompts);
  prompts.scribbles.clear();
  prompts.previous_patch = PatchPosition{{1e6, 0, 0}, 1.5};
  EXPECT_EQ(ReasonOf(refused(prompts)), Reason::kInvalidLogits);
  prompts.previous_patch.reset();
  prompts.mask = Mask(Shape{20, 20, 19});
  EXPECT_EQ(ReasonOf(refused(prompts)), Reason::kMaskMismatch);
  prompts.previous_logits.assign(PatchSizes().logits_floats(), 0.0f);
  EXPECT_EQ(ReasonOf(refused(prompts)), Reason::kConflictingPrompts);
}

}  // namespace
}  // namespace sgpsam
