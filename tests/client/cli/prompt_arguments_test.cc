#include "client/cli/prompt_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sgpsam::cli {
namespace {

using client::Position;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(const std::vector<PromptArgument>& arguments) {
  return std::string(MakeTargets(arguments).status().message());
}

TEST(PromptArguments, KeepTheOrderSpaceAndSignOfClicks) {
  const auto targets =
      MakeTargets({{"--point", "-1.5,2,3"}, {"--negative-voxel", "4,5,6"}, {"--voxel", "7,8,9"}});
  ASSERT_TRUE(targets.ok()) << targets.status();
  ASSERT_EQ(targets->size(), 1u);
  const auto& clicks = targets->front().clicks;
  ASSERT_EQ(clicks.size(), 3u);
  EXPECT_THAT(clicks[0].position.at, ElementsAre(-1.5, 2, 3));
  EXPECT_EQ(clicks[0].position.space, Position::Space::kPatientMm);
  EXPECT_TRUE(clicks[0].positive);
  EXPECT_EQ(clicks[1].position.space, Position::Space::kVoxel);
  EXPECT_FALSE(clicks[1].positive);
  EXPECT_TRUE(clicks[2].positive);
  EXPECT_EQ(targets->front().label, "Lesion");
}

TEST(PromptArguments, GiveOneLabelToAllPromptsWhereverItStands) {
  EXPECT_EQ(MakeTargets({{"--point", "1,2,3"}, {"--label", "Node"}})->at(0).label, "Node");
  const auto first = MakeTargets({{"--label", "Node"}, {"--point", "1,2,3"}});
  ASSERT_EQ(first->size(), 1u);
  EXPECT_EQ(first->at(0).clicks.size(), 1u);
}

TEST(PromptArguments, StartATargetWithEachFurtherLabel) {
  const auto targets = MakeTargets({{"--label", "A"},
                                    {"--voxel", "1,1,1"},
                                    {"--label", "B"},
                                    {"--voxel", "2,2,2"},
                                    {"--negative-voxel", "3,3,3"}});
  ASSERT_EQ(targets->size(), 2u);
  EXPECT_EQ(targets->at(0).clicks.size(), 1u);
  EXPECT_EQ(targets->at(1).label, "B");
  EXPECT_EQ(targets->at(1).clicks.size(), 2u);
}

TEST(PromptArguments, ReadBoxesAndLines) {
  const auto targets = MakeTargets({{"--box", "1,2,3,4,5,6"},
                                    {"--voxel-box", "1,2,3,4,5,6:-"},
                                    {"--box", "1,2,3,4,5,7:+"},
                                    {"--line", "1,2,3,4,5,8"},
                                    {"--voxel-line", "1,2,3,4,5,9"}});
  ASSERT_TRUE(targets.ok()) << targets.status();
  const client::Target& target = targets->front();
  ASSERT_EQ(target.boxes.size(), 3u);
  EXPECT_THAT(target.boxes[0].b.at, ElementsAre(4, 5, 6));
  EXPECT_TRUE(target.boxes[0].positive);
  EXPECT_EQ(target.boxes[1].a.space, Position::Space::kVoxel);
  EXPECT_FALSE(target.boxes[1].positive);
  EXPECT_TRUE(target.boxes[2].positive);
  ASSERT_EQ(target.lines.size(), 2u);
  EXPECT_THAT(target.lines[0].b.at, ElementsAre(4, 5, 8));
  EXPECT_EQ(target.lines[1].a.space, Position::Space::kVoxel);
  EXPECT_THAT(ErrorOf({{"--box", "1,2,3:-"}}), HasSubstr("expected 6 numbers"));
  EXPECT_THAT(ErrorOf({{"--line", "1,2,3,4,5,6:-"}}), HasSubstr("not a number"));
}

TEST(PromptArguments, KeepScribblesWithTheirTargetsAndSigns) {
  const std::vector<PromptArgument> arguments{{"--scribble", "a.nii.gz:+"},
                                              {"--label", "A"},
                                              {"--scribble", "b.dcm"},
                                              {"--label", "B"},
                                              {"--scribble", "dir:x/c.nii:-"}};
  ASSERT_TRUE(MakeTargets(arguments).ok());
  const std::vector<std::vector<ScribbleChoice>> choices = ScribbleChoices(arguments);
  ASSERT_EQ(choices.size(), 2u);
  ASSERT_EQ(choices[0].size(), 2u);
  EXPECT_EQ(choices[0][0].file, "a.nii.gz");
  EXPECT_TRUE(choices[0][0].positive);
  EXPECT_EQ(choices[0][1].file, "b.dcm");
  EXPECT_TRUE(choices[0][1].positive);
  EXPECT_EQ(choices[1][0].file, "dir:x/c.nii");
  EXPECT_FALSE(choices[1][0].positive);
}

TEST(PromptArguments, KeepMasksWithTheirTargets) {
  const std::vector<PromptArgument> arguments{{"--mask", "a.dcm"}, {"--mask-segment", "2"}, {"--label", "A"},
                                              {"--label", "B"},    {"--voxel", "1,2,3"},    {"--label", "C"},
                                              {"--mask", "c.nii"}};
  ASSERT_TRUE(MakeTargets(arguments).ok());
  EXPECT_EQ(MakeTargets(arguments)->size(), 3u);
  const std::vector<MaskChoice> choices = MaskChoices(arguments);
  ASSERT_EQ(choices.size(), 3u);
  EXPECT_EQ(choices[0].file, "a.dcm");
  EXPECT_EQ(choices[0].segment, 2);
  EXPECT_EQ(choices[1].file, "");
  EXPECT_EQ(choices[2].file, "c.nii");
  EXPECT_EQ(choices[2].segment, std::nullopt);
  EXPECT_EQ(MaskChoices({}).size(), 1u);
  EXPECT_THAT(ErrorOf({{"--mask-segment", "1"}}), HasSubstr("needs a --mask"));
  EXPECT_THAT(ErrorOf({{"--mask", "a"}, {"--mask-segment", "first"}}), HasSubstr("whole number"));
  EXPECT_THAT(ErrorOf({{"--mask", "a"}, {"--mask-segment", "0"}}), HasSubstr("whole number"));
  EXPECT_THAT(ErrorOf({{"--mask", "a"}, {"--mask", "b"}}), HasSubstr("one mask only"));
}

TEST(PromptArguments, GiveCodesAndAColourToTheTargetTheyStandWith) {
  const auto targets = MakeTargets({{"--label", "A"},
                                    {"--category", "123037004,SCT,Anatomical, of some kind"},
                                    {"--label", "B"},
                                    {"--type", "59441001,SCT,Lymph node"},
                                    {"--colour", "0,128,255"}});
  ASSERT_TRUE(targets.ok()) << targets.status();
  ASSERT_EQ(targets->size(), 2u);
  EXPECT_EQ(targets->at(0).category->meaning, "Anatomical, of some kind");
  EXPECT_FALSE(targets->at(0).type || targets->at(0).rgb || targets->at(1).category);
  EXPECT_EQ(targets->at(1).type->value, "59441001");
  EXPECT_EQ(targets->at(1).type->scheme, "SCT");
  EXPECT_THAT(*targets->at(1).rgb, ElementsAre(0, 128, 255));
}

TEST(PromptArguments, RefuseCodesAndColoursThatAreNone) {
  EXPECT_THAT(ErrorOf({{"--type", "59441001,SCT"}}), HasSubstr("--type: expected VALUE,SCHEME,MEANING"));
  EXPECT_THAT(ErrorOf({{"--category", ",SCT,Tissue"}}), HasSubstr("--category"));
  for (const char* colour : {"0,0,256", "-1,0,0", "0,1.5,0"}) {
    EXPECT_THAT(ErrorOf({{"--colour", colour}}), HasSubstr("0 to 255")) << colour;
  }
  EXPECT_THAT(ErrorOf({{"--colour", "1,2"}}), HasSubstr("expected 3 numbers"));
}

TEST(PromptArguments, NameTheFlagThatIsWrong) {
  EXPECT_EQ(ErrorOf({{"--point", "1,2"}}), "--point: expected 3 numbers separated by commas, got 2");
  EXPECT_EQ(ErrorOf({{"--voxel", "1,x,3"}}), "--voxel: 'x' is not a number");
  EXPECT_EQ(ErrorOf({{"--voxel", "1,,3"}}), "--voxel: '' is not a number");
  EXPECT_EQ(ErrorOf({{"--point", "1,nan,3"}}), "--point: 'nan' is not a number");
  EXPECT_THAT(ErrorOf({{"--box", "1,2,3"}}), HasSubstr("expected 6 numbers"));
}

}  // namespace
}  // namespace sgpsam::cli
