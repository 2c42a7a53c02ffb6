#include "tools/learn/cases/dataset_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sgpsam {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

DatasetJson Brain() {
  DatasetJson dataset;
  dataset.labels = {{"background", {0}}, {"oedema", {1}}, {"whole", {1, 2}}, {"enhancing", {3}}};
  dataset.channels = {"T1", "FLAIR"};
  return dataset;
}

template <typename T>
void ExpectRefused(const absl::StatusOr<T>& chosen, const std::string& why) {
  EXPECT_EQ(chosen.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(chosen.status().message()), HasSubstr(why));
}

TEST(ChooseLabel, TakesANameOrAValue) {
  EXPECT_THAT(ChooseLabel(Brain(), "enhancing")->values, ElementsAre(3));
  EXPECT_EQ(ChooseLabel(Brain(), "3")->name, "enhancing");
  EXPECT_THAT(ChooseLabel(Brain(), "1")->values, ElementsAre(1));
}

TEST(ChooseLabel, TakesARegionByNameAndAPieceOfItByValue) {
  EXPECT_THAT(ChooseLabel(Brain(), "whole")->values, ElementsAre(1, 2));
  EXPECT_THAT(ChooseLabel(Brain(), "2")->values, ElementsAre(2));
  EXPECT_EQ(ChooseLabel(Brain(), "2")->name, "2");
}

TEST(ChooseLabel, NeedsNoChoiceWhereThereIsOneOnly) {
  DatasetJson dataset = Brain();
  ExpectRefused(ChooseLabel(dataset, ""), "several labels");
  dataset.labels.resize(2);
  EXPECT_EQ(ChooseLabel(dataset, "")->name, "oedema");
  dataset.labels.resize(1);
  ExpectRefused(ChooseLabel(dataset, ""), "no label besides the background");
}

TEST(ChooseLabel, ListsTheLabelsWhenItDoesNotKnowOne) {
  const std::string list = R"(choose one of 1 "oedema", 1+2 "whole", 3 "enhancing")";
  ExpectRefused(ChooseLabel(Brain(), "4"), "no label 4: " + list);
  ExpectRefused(ChooseLabel(Brain(), "-1"), list);
  ExpectRefused(ChooseLabel(Brain(), "tumour"), "no label \"tumour\": " + list);
}

TEST(ChooseLabel, RefusesTheBackground) {
  ExpectRefused(ChooseLabel(Brain(), "0"), "is the background");
  ExpectRefused(ChooseLabel(Brain(), "background"), "is the background");
  DatasetJson dataset = Brain();
  dataset.labels.push_back({"all", {0, 1}});
  ExpectRefused(ChooseLabel(dataset, "all"), "is the background");
}

TEST(ChooseLabel, RefusesANameThatTwoLabelsHave) {
  DatasetJson dataset = Brain();
  dataset.labels.push_back({"oedema", {7}});
  ExpectRefused(ChooseLabel(dataset, "oedema"), "two labels");
  EXPECT_EQ(ChooseLabel(dataset, "7")->name, "oedema");
}

TEST(ChooseChannel, TakesANumberOrAName) {
  EXPECT_EQ(*ChooseChannel(Brain(), "0"), 0);
  EXPECT_EQ(*ChooseChannel(Brain(), "1"), 1);
  EXPECT_EQ(*ChooseChannel(Brain(), "FLAIR"), 1);
}

TEST(ChooseChannel, NeedsNoChoiceWhereThereIsOneOnly) {
  DatasetJson dataset = Brain();
  ExpectRefused(ChooseChannel(dataset, ""), R"(several channels: choose one of 0 "T1", 1 "FLAIR")");
  dataset.channels = {""};
  EXPECT_EQ(*ChooseChannel(dataset, ""), 0);
}

TEST(ChooseChannel, RefusesWhatIsNotThereOrThereTwice) {
  DatasetJson dataset = Brain();
  for (const char* choice : {"2", "-1", "T2"}) ExpectRefused(ChooseChannel(dataset, choice), "no channel");
  dataset.channels = {"T1", "T1"};
  ExpectRefused(ChooseChannel(dataset, "T1"), "several channels \"T1\"");
}

}  // namespace
}  // namespace sgpsam
