#include "core/transform/prompt_notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/engine/engine.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A patch of 32 voxels that are the volume's own, from voxel 10 on, in a volume of 100^3; and one next to it.
class PromptNotesTest : public ::testing::Test {
 protected:
  PromptNotesTest() : found_(geometry_.shape()) { found_.Set(20, 20, 20); }

  std::vector<std::string> Notes(BoxUse box_use = BoxUse::kClick) const {
    return NotesOnPrompts(prompts_, box_use, patches_, found_);
  }
  void Point(double i, bool positive) { prompts_.points.push_back({VoxelIndex{i, 20, 20}, positive}); }

  const Geometry geometry_ = SteppedGeometry({100, 100, 100}, {{{-1.5, 0, 0}, {0, -1.5, 0}, {0, 0, 1.5}}});
  std::vector<Placement> patches_{PlaceAtBegin(geometry_, {10, 10, 10}, 32, kUsualSpacingMm)};
  const Placement beside_ = PlaceAtBegin(geometry_, {42, 10, 10}, 32, kUsualSpacingMm);
  ResolvedPrompts prompts_;
  Mask found_;
};

TEST_F(PromptNotesTest, SayNothingWhereEverythingWasUsedAndObeyed) {
  Point(20, true);
  Point(21, false);
  prompts_.mask = found_;
  EXPECT_THAT(Notes(), IsEmpty());
}

TEST_F(PromptNotesTest, TellABoxThatBecameAClickOrNothing) {
  prompts_.box = ResolvedBox{VoxelIndex{15, 15, 15}, VoxelIndex{25, 25, 25}};
  EXPECT_THAT(Notes(), ElementsAre(HasSubstr("used as a click in its middle")));
  EXPECT_THAT(Notes(BoxUse::kCorners), IsEmpty());
  Point(20, true);
  EXPECT_THAT(Notes(), ElementsAre(HasSubstr("the box was not used")));
  EXPECT_THAT(Notes(BoxUse::kCorners), IsEmpty());
}

TEST_F(PromptNotesTest, TellABoxThatReachesBeyondThePatches) {
  prompts_.box = ResolvedBox{VoxelIndex{15, 15, 15}, VoxelIndex{60, 25, 25}};
  EXPECT_THAT(Notes(BoxUse::kCorners), ElementsAre(HasSubstr("the box reaches beyond")));
  patches_.push_back(beside_);
  EXPECT_THAT(Notes(BoxUse::kCorners), IsEmpty());
}

TEST_F(PromptNotesTest, TellAMaskThatReachesBeyondThePatches) {
  prompts_.mask = found_;
  prompts_.mask->Set(41, 20, 20);
  EXPECT_THAT(Notes(), IsEmpty());
  prompts_.mask->Set(42, 20, 20);
  EXPECT_THAT(Notes(), ElementsAre(HasSubstr("the mask prompt reaches beyond")));
  patches_.push_back(beside_);
  EXPECT_THAT(Notes(), IsEmpty());
}

TEST_F(PromptNotesTest, NumberTheNegativePointsThatNoPatchHolds) {
  Point(20, true);
  Point(50, false);
  EXPECT_THAT(Notes(), ElementsAre(::testing::EndsWith("beyond all that was looked at: point 2")));
  Point(90, false);
  EXPECT_THAT(Notes(), ElementsAre(::testing::EndsWith("beyond all that was looked at: points 2, 3")));
  patches_.push_back(beside_);
  EXPECT_THAT(Notes(), ElementsAre(::testing::EndsWith("beyond all that was looked at: point 3")));
}

TEST_F(PromptNotesTest, NumberThePointsThatTheMaskContradicts) {
  Point(20, false);
  Point(30, true);
  EXPECT_THAT(Notes(), ElementsAre("not in the mask although positive: point 2",
                                   "in the mask although negative: point 1"));
  found_ = Mask(geometry_.shape());  // nothing was found: that says enough
  EXPECT_THAT(Notes(), IsEmpty());
}

TEST_F(PromptNotesTest, TellPreviousLogitsWhosePlaceWasAssumed) {
  Point(20, true);
  prompts_.previous_logits = {1};
  EXPECT_THAT(Notes(), ElementsAre(HasSubstr("came without the patch")));
  prompts_.previous_patch = PatchPosition{{0, 0, 0}, 1.5};
  EXPECT_THAT(Notes(), IsEmpty());
}

}  // namespace
}  // namespace sgpsam
