#include "core/transform/obey_prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/transform/prepare_prompts.h"
#include "core/transform/resolve_prompts.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using At = std::array<double, 3>;

// One patch of 64 voxels of 1.5 mm, which are the volume's own, with cells of 2 voxels: reach 6 mm, 4 voxels.
class ObeyPromptsTest : public ::testing::Test {
 protected:
  static PatchSizes Sizes() {
    PatchSizes sizes;
    sizes.patch = 64;
    sizes.logits_side = 32;
    return sizes;
  }

  struct Answer {
    Mask mask;
    Obedience done;
    std::vector<PromptUse> uses;
    bool touches_patch_border = false;
    int asked_for_previous = 0;
    LogitsBox logits;
  };

  // The model's answer: balls around voxels.
  struct Ball {
    At centre;
    double radius;
  };
  LogitsBox Balls(const std::vector<Ball>& balls) const {
    std::vector<float> values;
    for (int n = 0; n < 32 * 32 * 32; ++n) {
      double inside = -6;
      for (const Ball& ball : balls) {
        const At at{2.0 * (n / 1024) + 0.5, 2.0 * (n / 32 % 32) + 0.5, 2.0 * (n % 32) + 0.5};
        inside = std::max(inside, ball.radius - std::hypot(at[0] - ball.centre[0], at[1] - ball.centre[1],
                                                           at[2] - ball.centre[2]));
      }
      values.push_back(static_cast<float>(inside));
    }
    return OnePatch(values, Sizes(), placement_);
  }

  Answer Obey(const std::vector<Ball>& balls, const std::optional<Mask>& previous = std::nullopt) const {
    const ResolvedPrompts prompts = *ResolvePrompts(geometry_, Sizes(), prompts_);
    Answer answer;
    answer.logits = Balls(balls);
    RestoredMask restored = RestoreMask(answer.logits, geometry_);
    answer.uses = UsesOf(prompts);
    const auto ask = [&] {
      ++answer.asked_for_previous;
      return previous;
    };
    answer.done = ObeyPrompts(geometry_, prompts, ask, answer.logits, restored, answer.uses);
    answer.mask = restored.mask;
    answer.touches_patch_border = restored.touches_patch_border;
    EXPECT_EQ(RunsIn(restored.box, restored.mask).size(), RunsOf(restored.mask).size());
    return answer;
  }
  Mask Plain(const std::vector<Ball>& balls) const { return RestoreMask(Balls(balls), geometry_).mask; }
  std::vector<std::string> Notes(const Answer& answer) const {
    return NotesOnObedience(answer.done, answer.uses, geometry_);
  }

  void Click(double i, double j, double k, bool positive) {
    prompts_.points.push_back({VoxelIndex{i, j, k}, positive});
  }
  void Box(const VoxelIndex& a, const VoxelIndex& b, bool positive = true) {
    prompts_.boxes.push_back({a, b, positive});
  }

  // The volume goes on beyond the patch.
  const Geometry geometry_ = SteppedGeometry({80, 80, 80}, {{{-1.5, 0, 0}, {0, -1.5, 0}, {0, 0, 1.5}}});
  const Placement placement_ = PlaceAtBegin(geometry_, {0, 0, 0}, 64, 1.5);
  Prompts prompts_;
};

TEST_F(ObeyPromptsTest, ChangeNothingWhereAllIsAsAsked) {
  Click(32, 32, 32, true);
  Click(50, 32, 32, false);
  Box({20, 20, 20}, {44, 44, 44});
  const Answer answer = Obey({{{32, 32, 32}, 10}});
  EXPECT_EQ(answer.mask.bits(), Plain({{{32, 32, 32}, 10}}).bits());
  EXPECT_EQ(answer.logits.values, Balls({{{32, 32, 32}, 10}}).values);
  EXPECT_FALSE(answer.done.changed());
  EXPECT_EQ(answer.done.enforced_prompts, 0);
  EXPECT_THAT(Notes(answer), IsEmpty());
}

TEST_F(ObeyPromptsTest, BendTheMaskAtAClickThatTheModelContradicts) {
  Click(32, 32, 32, true);
  Click(44, 32, 32, true);
  Click(24, 32, 32, false);
  const Answer answer = Obey({{{32, 32, 32}, 10}});
  EXPECT_TRUE(answer.mask.at(44, 32, 32));
  EXPECT_FALSE(answer.mask.at(24, 32, 32));
  EXPECT_GT(CountVoxels(answer.done.added), 1u);
  EXPECT_GT(CountVoxels(answer.done.removed), 1u);
  EXPECT_EQ(answer.done.enforced_prompts, 2);
  EXPECT_FALSE(answer.uses[0].enforced);
  EXPECT_TRUE(answer.uses[1].enforced);
  EXPECT_THAT(Notes(answer), ElementsAre(HasSubstr("point 2, point 3")));
}

TEST_F(ObeyPromptsTest, SetEveryVoxelOfAScribbleAndOfANegativeBox) {
  Click(32, 32, 32, true);
  Box({36, 30, 30}, {40, 34, 34}, /*positive=*/false);
  prompts_.scribbles = {{{{40, 60, 20, 20}, {70, 75, 70, 70}}}, {{{28, 30, 32, 32}}, /*positive=*/false}};
  const Answer answer = Obey({{{32, 32, 32}, 10}});
  for (int64_t i = 40; i < 60; ++i) EXPECT_TRUE(answer.mask.at(i, 20, 20));
  for (int64_t i = 70; i < 75; ++i) EXPECT_TRUE(answer.mask.at(i, 70, 70));  // where nobody looked, too
  for (int64_t i = 28; i < 30; ++i) EXPECT_FALSE(answer.mask.at(i, 32, 32));
  for (int64_t k = 30; k < 35; ++k) {
    for (int64_t j = 30; j < 35; ++j) {
      for (int64_t i = 36; i < 41; ++i) EXPECT_FALSE(answer.mask.at(i, j, k));
    }
  }
  EXPECT_TRUE(answer.mask.at(35, 32, 32));
  EXPECT_EQ(answer.done.enforced_prompts, 3);
  EXPECT_EQ(answer.done.contradictions, 0u);
}

TEST_F(ObeyPromptsTest, TheLaterOfTwoThatContradictEachOtherWins) {
  Click(32, 32, 32, true);
  Click(32, 32, 32, false);
  Click(30, 32, 32, false);
  Click(30, 32, 32, true);
  const Answer clicks = Obey({{{32, 32, 32}, 10}});
  EXPECT_FALSE(clicks.mask.at(32, 32, 32));
  EXPECT_TRUE(clicks.mask.at(30, 32, 32));
  EXPECT_EQ(clicks.done.contradictions, 2u);
  EXPECT_THAT(Notes(clicks), testing::Contains(HasSubstr("contradict each other at 2 voxels")));
  // A scribble after a box, a point after a scribble, and of scribbles the later one.
  prompts_.points = {{VoxelIndex{34, 32, 32}, false}};
  Box({30, 30, 30}, {40, 34, 34}, /*positive=*/false);
  prompts_.scribbles = {{{{31, 39, 32, 32}}}, {{{36, 38, 32, 32}}, /*positive=*/false}};
  const Answer all = Obey({{{32, 32, 32}, 10}});
  EXPECT_TRUE(all.mask.at(33, 32, 32));
  EXPECT_FALSE(all.mask.at(33, 33, 32));
  EXPECT_FALSE(all.mask.at(34, 32, 32));
  EXPECT_FALSE(all.mask.at(36, 32, 32));
  EXPECT_TRUE(all.mask.at(38, 32, 32));
}

TEST_F(ObeyPromptsTest, DropPartsThatNothingAsksFor) {
  const std::vector<Ball> balls{{{20, 20, 20}, 6}, {{44, 44, 44}, 6}, {{20, 44, 20}, 6}};
  Click(20, 20, 20, true);
  const Answer answer = Obey(balls);
  EXPECT_EQ(answer.mask.bits(), Plain({balls[0]}).bits());
  EXPECT_EQ(answer.done.dropped_components, 2);
  EXPECT_EQ(answer.done.enforced_prompts, 0);
  EXPECT_THAT(Notes(answer), IsEmpty());
}

TEST_F(ObeyPromptsTest, KeepPartsThatAnyPromptAsksFor) {
  const std::vector<Ball> balls{{{20, 20, 20}, 6}, {{44, 44, 44}, 6}};
  const auto kept = [&](const std::function<void(Prompts&)>& ask,
                        const std::optional<Mask>& previous = std::nullopt) {
    prompts_ = {};
    Click(20, 20, 20, true);
    ask(prompts_);
    return Obey(balls, previous).mask.bits() == Plain(balls).bits();
  };
  EXPECT_FALSE(kept([](Prompts&) {}));
  EXPECT_TRUE(kept([](Prompts& p) { p.points.push_back({VoxelIndex{44, 44, 44}, true}); }));
  EXPECT_TRUE(kept([](Prompts& p) { p.boxes = {{VoxelIndex{10, 10, 10}, VoxelIndex{60, 60, 60}}}; }));
  EXPECT_FALSE(kept([](Prompts& p) {
    p.boxes = {{VoxelIndex{56, 56, 56}, VoxelIndex{60, 60, 60}, /*positive=*/false}};
  }));
  EXPECT_TRUE(kept([](Prompts& p) { p.lines = {{VoxelIndex{40, 44, 44}, VoxelIndex{48, 44, 44}}}; }));
  EXPECT_TRUE(kept([](Prompts& p) { p.scribbles = {{{{42, 46, 44, 44}}}}; }));
  Mask mark(geometry_.shape());
  mark.Set(44, 44, 44);
  EXPECT_TRUE(kept([&](Prompts& p) { p.mask = mark; }));
  EXPECT_TRUE(kept([](Prompts&) {}, mark));
}

// Where somebody clicks just beside the lesion, or into the hole of one.
TEST_F(ObeyPromptsTest, KeepTheAnswerToAClickThatTheModelLeftOut) {
  const std::vector<Ball> balls{{{20, 20, 20}, 6}, {{44, 44, 44}, 6}};
  Click(20, 20, 29, true);  // 3 voxels beside
  const Answer near = Obey(balls);
  EXPECT_TRUE(near.mask.at(20, 20, 20));
  EXPECT_TRUE(near.mask.at(20, 20, 29));
  EXPECT_FALSE(near.mask.at(44, 44, 44));
  EXPECT_EQ(near.done.dropped_components, 1);
  prompts_.points.clear();
  Click(20, 20, 50, true);
  const Answer far = Obey(balls);
  EXPECT_FALSE(far.mask.at(20, 20, 20));
  EXPECT_TRUE(far.mask.at(20, 20, 50));
  EXPECT_EQ(far.done.dropped_components, 2);
}

TEST_F(ObeyPromptsTest, SayThatTheModelFoundNothing) {
  Click(20, 20, 20, true);
  const Answer answer = Obey({});
  EXPECT_TRUE(answer.mask.at(20, 20, 20));
  EXPECT_THAT(Notes(answer), ElementsAre(HasSubstr("found nothing at the prompts")));
}

TEST_F(ObeyPromptsTest, CutWhatLiesOutsideOfABoxAndItsMargin) {
  Box({20, 10, 10}, {39, 54, 54});  // 20 voxels along i: 2 on both sides stay
  const Answer answer = Obey({{{32, 32, 32}, 15}});
  EXPECT_TRUE(answer.mask.at(41, 32, 32));
  EXPECT_FALSE(answer.mask.at(42, 32, 32));
  EXPECT_TRUE(answer.mask.at(18, 32, 32));
  EXPECT_TRUE(answer.uses[0].confined);
  EXPECT_EQ(answer.done.cut_voxels, CountVoxels(answer.done.removed));
  EXPECT_THAT(Notes(answer), ElementsAre(HasSubstr("outside of the box were cut off")));
  // Nothing is cut where something positive lies outside; a point in the margin says nothing.
  Click(41, 32, 32, true);
  EXPECT_GT(Obey({{{32, 32, 32}, 15}}).done.cut_voxels, 0u);
  Click(43, 32, 32, true);
  EXPECT_EQ(Obey({{{32, 32, 32}, 15}}).done.cut_voxels, 0u);
  prompts_.points.clear();
  prompts_.scribbles = {{{{40, 44, 32, 32}}}};
  EXPECT_FALSE(Obey({{{32, 32, 32}, 15}}).uses[0].confined);
}

TEST_F(ObeyPromptsTest, SeveralBoxesLetStandWhatAnyHolds) {
  Box({20, 10, 10}, {29, 54, 54});
  Box({36, 10, 10}, {45, 54, 54});
  const Answer answer = Obey({{{32, 32, 32}, 15}});
  for (int64_t i = 18; i < 47; ++i) {
    EXPECT_EQ(answer.mask.at(i, 32, 32), (i >= 19 && i < 31) || (i >= 35 && i < 47)) << i;
  }
}

TEST_F(ObeyPromptsTest, ABoxOfOneSliceCutsInThatSliceAlone) {
  Box({22, 22, 32}, {41, 41, 32});
  const Answer answer = Obey({{{32, 32, 32}, 15}});
  for (int64_t j = 17; j < 48; ++j) {
    EXPECT_EQ(answer.mask.at(32, j, 32), j >= 20 && j < 44) << j;
    EXPECT_TRUE(answer.mask.at(32, std::clamp<int64_t>(j, 19, 45), 33)) << j;
  }
  EXPECT_TRUE(answer.uses[0].confined);
  // A click elsewhere in another slice says nothing of this one; in this one it does.
  Click(32, 46, 33, true);
  EXPECT_GT(Obey({{{32, 32, 32}, 15}}).done.cut_voxels, 0u);
  Click(32, 46, 32, true);
  EXPECT_EQ(Obey({{{32, 32, 32}, 15}}).done.cut_voxels, 0u);
}

TEST_F(ObeyPromptsTest, LookAgainWhetherTheMaskTouchesTheBorder) {
  const std::vector<Ball> balls{{{20, 20, 20}, 6}, {{60, 44, 44}, 8}};
  ASSERT_TRUE(RestoreMask(Balls(balls), geometry_).touches_patch_border);
  Click(20, 20, 20, true);
  EXPECT_FALSE(Obey(balls).touches_patch_border);
  Click(60, 44, 44, true);
  EXPECT_TRUE(Obey(balls).touches_patch_border);
}

TEST_F(ObeyPromptsTest, TakeFromTheLogitsWhatTheyTookFromTheMask) {
  const std::vector<Ball> balls{{{20, 20, 20}, 6}, {{44, 44, 44}, 6}};
  Click(20, 20, 20, true);
  const Answer answer = Obey(balls);
  std::vector<float> logits = Balls(balls).values;
  KeepObedience(answer.done, answer.mask, placement_, Sizes(), logits);
  EXPECT_EQ(RestoreMask(OnePatch(logits, Sizes(), placement_), geometry_).mask.bits(), answer.mask.bits());
  const Answer nothing = Obey({balls[0]});
  std::vector<float> same = Balls({balls[0]}).values;
  KeepObedience(nothing.done, nothing.mask, placement_, Sizes(), same);
  EXPECT_EQ(same, Balls({balls[0]}).values);
}

TEST_F(ObeyPromptsTest, KnowTheMaskOfPreviousLogits) {
  prompts_.points = {{VoxelIndex{20, 20, 20}, true}};
  prompts_.previous_logits = Balls({{{20, 20, 20}, 6}}).values;
  ResolvedPrompts prompts = *ResolvePrompts(geometry_, Sizes(), prompts_);
  EXPECT_EQ(PreviousMask(geometry_, prompts, placement_, Sizes())->bits(), Plain({{{20, 20, 20}, 6}}).bits());
  prompts.previous_logits.clear();
  EXPECT_FALSE(PreviousMask(geometry_, prompts, placement_, Sizes()).has_value());
}

// The prompts ask for the one part that there is; of three parts, two hang on the previous mask.
TEST_F(ObeyPromptsTest, RestoresPreviousLogitsOnlyWhereAPartHangsOnThem) {
  prompts_.points = {{VoxelIndex{20, 20, 20}, true}};
  const std::vector<Ball> parts{{{20, 20, 20}, 6}, {{44, 44, 44}, 4}, {{20, 44, 44}, 4}};
  const Mask before = Plain(parts);
  EXPECT_EQ(Obey({{{20, 20, 20}, 6}}, before).asked_for_previous, 0);
  const Answer all = Obey(parts, before);
  EXPECT_EQ(all.asked_for_previous, 1) << "though two parts hang on them";
  EXPECT_EQ(all.mask.bits(), before.bits());
}

// Of finer voxels than the volume has, so that a grid on its corner is another one.
TEST_F(ObeyPromptsTest, SeesPreviousLogitsOnTheGridThatHangsOnTheirFocus) {
  ResolvedPrompts prompts;
  prompts.previous_patch = PatchPosition{geometry_.ToWorld({30.4, 31.3, 32.4}), 1.1};
  prompts.previous_logits = Balls({{{20, 20, 20}, 6}}).values;
  const Placement on_focus =
      PlaceAtPosition(geometry_, *prompts.previous_patch, Sizes().patch, GridOrigin::kFocus);
  const Mask expected = RestoreMask(OnePatch(prompts.previous_logits, Sizes(), on_focus), geometry_).mask;
  EXPECT_EQ(PreviousMask(geometry_, prompts, on_focus, Sizes())->bits(), expected.bits());
  const Placement on_corner =
      PlaceAtPosition(geometry_, *prompts.previous_patch, Sizes().patch, GridOrigin::kVolume);
  EXPECT_NE(PreviousMask(geometry_, prompts, on_corner, Sizes())->bits(), expected.bits());
}

}  // namespace
}  // namespace sgpsam
