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
  PromptNotesTest() : marked_(geometry_.shape()) { marked_.Set(20, 20, 20); }

  std::vector<std::string> Notes() const { return NotesOnPrompts(prompts_, patches_, geometry_.shape()); }
  void Box(double end) {
    prompts_.boxes.push_back({VoxelIndex{15, 15, 15}, VoxelIndex{end, 25, 25}, /*positive=*/true, {}});
  }
  void Scribble(int32_t begin, int32_t end) { prompts_.scribbles.push_back({{{begin, end, 20, 20}}}); }
  void Point(double i, bool positive) { prompts_.points.push_back({VoxelIndex{i, 20, 20}, positive}); }

  const Geometry geometry_ = SteppedGeometry({100, 100, 100}, {{{-1.5, 0, 0}, {0, -1.5, 0}, {0, 0, 1.5}}});
  std::vector<Placement> patches_{PlaceAtBegin(geometry_, {10, 10, 10}, 32, kUsualSpacingMm)};
  const Placement beside_ = PlaceAtBegin(geometry_, {42, 10, 10}, 32, kUsualSpacingMm);
  ResolvedPrompts prompts_;
  Mask marked_;
};

TEST_F(PromptNotesTest, SayNothingWhereEverythingWasUsed) {
  Point(20, true);
  Point(21, false);
  Box(25);
  Scribble(20, 42);
  prompts_.mask = marked_;
  EXPECT_THAT(Notes(), IsEmpty());
}

TEST_F(PromptNotesTest, TellABoxThatReachesBeyondThePatches) {
  Box(60);
  EXPECT_THAT(Notes(), ElementsAre(HasSubstr("a box reaches beyond")));
  prompts_.boxes[0].positive = false;  // there is no mask where nobody looked
  EXPECT_THAT(Notes(), IsEmpty());
  prompts_.boxes[0].positive = true;
  patches_.push_back(beside_);
  EXPECT_THAT(Notes(), IsEmpty());
}

TEST_F(PromptNotesTest, TellAScribbleThatReachesBeyondThePatches) {
  Scribble(20, 43);
  EXPECT_THAT(Notes(), ElementsAre(HasSubstr("a scribble reaches beyond")));
  prompts_.scribbles[0].positive = false;
  EXPECT_THAT(Notes(), IsEmpty());
}

TEST_F(PromptNotesTest, TellAMaskThatReachesBeyondThePatches) {
  prompts_.mask = marked_;
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

TEST_F(PromptNotesTest, TellPreviousLogitsWhosePlaceWasAssumed) {
  Point(20, true);
  prompts_.previous_logits = {1};
  EXPECT_THAT(Notes(), ElementsAre(HasSubstr("came without the patch")));
  prompts_.previous_patch = PatchPosition{{0, 0, 0}, 1.5};
  EXPECT_THAT(Notes(), IsEmpty());
}

}  // namespace
}  // namespace sgpsam
