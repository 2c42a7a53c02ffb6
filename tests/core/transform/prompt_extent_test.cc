#include "core/transform/prompt_extent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/engine/engine.h"
#include "core/transform/resolve_prompts.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using ::testing::DoubleNear;
using ::testing::Optional;

class PromptExtentTest : public ::testing::Test {
 protected:
  ResolvedPrompts Resolved() const { return *ResolvePrompts(geometry_, PatchSizes(), prompts_); }
  std::optional<double> Size() const { return SizeHintMm(geometry_, Resolved()); }

  // Slices of 5 mm, pixels of 0.5.
  const Geometry geometry_ = TestGeometry({100, 100, 40}, {0.5, 0.5, 5});
  Prompts prompts_;
};

TEST_F(PromptExtentTest, PointsAndWhatIsNegativeSayNothingOfSize) {
  EXPECT_EQ(Size(), std::nullopt);
  prompts_.points = {{VoxelIndex{1, 1, 1}, true}, {VoxelIndex{90, 1, 1}, true}};
  prompts_.boxes = {{VoxelIndex{1, 1, 1}, VoxelIndex{50, 50, 30}, /*positive=*/false}};
  prompts_.scribbles = {{{{1, 90, 1, 1}}, /*positive=*/false}};
  EXPECT_EQ(Size(), std::nullopt);
}

TEST_F(PromptExtentTest, ABoxSaysItsLongestSide) {
  prompts_.boxes = {{VoxelIndex{10, 10, 10}, VoxelIndex{29, 19, 11}}};  // 10 x 5 x 10 mm
  EXPECT_THAT(Size(), Optional(10.0));
  prompts_.boxes = {{VoxelIndex{10, 10, 10}, VoxelIndex{69, 19, 10}}};  // one slice: 30 x 5 x 5
  EXPECT_THAT(Size(), Optional(30.0));
  prompts_.boxes.push_back({VoxelIndex{10, 10, 20}, VoxelIndex{19, 19, 20}});  // one more, ten slices on
  EXPECT_THAT(Size(), Optional(55.0));
}

TEST_F(PromptExtentTest, ALineSaysItsLength) {
  prompts_.lines = {{VoxelIndex{10, 10, 10}, VoxelIndex{70, 90, 10}}};  // 30 and 40 mm aside
  EXPECT_THAT(Size(), Optional(DoubleNear(50, 1e-9)));
}

TEST_F(PromptExtentTest, ScribblesAndMasksSayWhatTheyCover) {
  prompts_.scribbles = {{{{10, 30, 5, 5}}}};
  EXPECT_THAT(Size(), Optional(10.0));
  prompts_.mask.emplace(geometry_.shape());
  prompts_.mask->Set(20, 5, 9);  // together 20 x 1 x 5 voxels
  EXPECT_THAT(Size(), Optional(25.0));
}

TEST_F(PromptExtentTest, TheFocusIsThePreciserPrompt) {
  const auto focus = [this] { return FocusOf(Resolved())->i; };
  prompts_.points = {{VoxelIndex{99, 1, 1}, false}};
  EXPECT_FALSE(FocusOf(Resolved()).has_value());
  EXPECT_FALSE(AskForSomething(Resolved()));
  prompts_.lines = {{VoxelIndex{40, 1, 1}, VoxelIndex{60, 1, 1}}};
  EXPECT_EQ(focus(), 50);
  prompts_.boxes = {{VoxelIndex{0, 0, 0}, VoxelIndex{2, 2, 2}, /*positive=*/false},
                    {VoxelIndex{30, 1, 1}, VoxelIndex{50, 9, 9}}};
  EXPECT_EQ(focus(), 40);
  prompts_.scribbles = {{{{0, 9, 1, 1}}, /*positive=*/false}, {{{20, 41, 1, 1}}}};
  EXPECT_EQ(focus(), 30);
  prompts_.points.push_back({VoxelIndex{7, 1, 1}, true});
  EXPECT_EQ(focus(), 7);
  EXPECT_TRUE(AskForSomething(Resolved()));
}

TEST_F(PromptExtentTest, ALineRunsThroughItsVoxels) {
  const ResolvedLine line{{2, 3, 4}, {5, 6, 4}};
  const std::vector<VoxelRun> runs = VoxelsOn(line, geometry_.shape());
  EXPECT_EQ(CountVoxels(runs), 4u);
  EXPECT_TRUE(Holds(runs, {4, 5, 4}));
  EXPECT_EQ(CountVoxels(VoxelsOn({{2, 3, 4}, {2, 3, 4}}, geometry_.shape())), 1u);
}

}  // namespace
}  // namespace sgpsam
