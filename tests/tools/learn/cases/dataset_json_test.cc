#include "tools/learn/cases/dataset_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_replace.h"

namespace sgpsam {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kMsd[] =
    R"({"name": "Liver", "modality": {"0": "CT"}, "numTraining": 2, "tensorImageSize": "3D",
  "labels": {"0": "background", "1": "liver", "2": "cancer"},
  "training": [{"image": "./imagesTr/liver_0.nii.gz", "label": "./labelsTr/liver_0.nii.gz"},
               {"image": "imagesTr/liver_1.nii", "label": "labelsTr/liver_1.nii"}]})";
constexpr char kNnunet[] =
    R"({"channel_names": {"1": "FLAIR", "0": "T1"}, "file_ending": ".nii", "numTraining": 7,
  "labels": {"background": 0, "oedema": 1, "core": 2, "whole tumour": [1, 2]}})";

DatasetJson Parsed(const std::string& text) {
  absl::StatusOr<DatasetJson> dataset = ParseDatasetJson(text);
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  return dataset.ok() ? *dataset : DatasetJson();
}

void ExpectRefused(const std::string& text, const char* why) {
  const absl::Status status = ParseDatasetJson(text).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  EXPECT_THAT(std::string(status.message()), HasSubstr(why)) << text;
}

void ExpectMsdRefused(const std::string& part, const std::string& instead, const char* why) {
  ASSERT_THAT(kMsd, HasSubstr(part));
  ExpectRefused(absl::StrReplaceAll(kMsd, {{part, instead}}), why);
}

void ExpectNnunetRefused(const std::string& part, const std::string& instead, const char* why) {
  ASSERT_THAT(kNnunet, HasSubstr(part));
  ExpectRefused(absl::StrReplaceAll(kNnunet, {{part, instead}}), why);
}

TEST(DatasetJson, ReadsTheDecathlonsLayout) {
  const DatasetJson dataset = Parsed(kMsd);
  EXPECT_EQ(dataset.layout, DatasetLayout::kMsd);
  ASSERT_EQ(dataset.labels.size(), 3u);
  EXPECT_EQ(dataset.labels[2].name, "cancer");
  EXPECT_THAT(dataset.labels[2].values, ElementsAre(2));
  EXPECT_THAT(dataset.channels, ElementsAre("CT"));
  ASSERT_EQ(dataset.cases.size(), 2u);
  EXPECT_EQ(dataset.cases[0].id, "liver_0");
  EXPECT_THAT(dataset.cases[0].images, ElementsAre("./imagesTr/liver_0.nii.gz"));
  EXPECT_EQ(dataset.cases[0].label, "./labelsTr/liver_0.nii.gz");
  EXPECT_EQ(dataset.cases[1].id, "liver_1");
}

TEST(DatasetJson, ReadsNnunetsLayout) {
  const DatasetJson dataset = Parsed(kNnunet);
  EXPECT_EQ(dataset.layout, DatasetLayout::kNnunet);
  ASSERT_EQ(dataset.labels.size(), 4u);
  EXPECT_EQ(dataset.labels[3].name, "whole tumour");
  EXPECT_THAT(dataset.labels[3].values, ElementsAre(1, 2));
  EXPECT_THAT(dataset.channels, ElementsAre("T1", "FLAIR"));
  EXPECT_THAT(dataset.cases, IsEmpty());
  EXPECT_EQ(dataset.file_ending, ".nii");
  EXPECT_EQ(dataset.announced_cases, 7u);
}

TEST(DatasetJson, ReadsNnunetsListOfFiles) {
  const std::string text = absl::StrReplaceAll(
      kNnunet,
      {{R"("numTraining")", R"("dataset": {"x": {"images": ["a_t1.nii", "a_fl.nii"], "label": "l.nii"}},
                 "numTraining")"}});
  const DatasetJson dataset = Parsed(text);
  ASSERT_EQ(dataset.cases.size(), 1u);
  EXPECT_EQ(dataset.cases[0].id, "x");
  EXPECT_THAT(dataset.cases[0].images, ElementsAre("a_t1.nii", "a_fl.nii"));
  EXPECT_EQ(dataset.cases[0].label, "l.nii");
}

TEST(DatasetJson, DoesWithoutWhatMayBeLeftOut) {
  EXPECT_THAT(Parsed(R"({"labels": {"1": "x"}, "training": [{"image": "a", "label": "b"}]})").channels,
              ElementsAre(""));
  const DatasetJson nnunet = Parsed(R"({"labels": {"x": 1}, "channel_names": {"0": "CT"}})");
  EXPECT_EQ(nnunet.file_ending, ".nii.gz");
  EXPECT_FALSE(nnunet.announced_cases.has_value());
}

TEST(DatasetJson, RefusesWhatIsNoDescription) {
  ExpectRefused("", "not JSON");
  ExpectRefused("{\"labels\": {", "not JSON");
  ExpectRefused("[]", "not a JSON object");
  ExpectRefused("{}", "neither \"training\"");
  ExpectRefused(R"({"labels": {"0": "background"}, "training": [], "training": []})", "given twice");
}

TEST(DatasetJson, RefusesLabelsThatAreNone) {
  ExpectMsdRefused("\"labels\": {", "\"lables\": {", "\"labels\" must be an object");
  ExpectRefused(R"({"labels": [], "training": []})", "\"labels\" must be an object");
  ExpectRefused(R"({"labels": {}, "training": []})", "\"labels\" must be an object");
  ExpectMsdRefused("\"2\": ", "\"two\": ", "no whole number");
  ExpectMsdRefused("\"2\": ", "\"-2\": ", "no whole number");
  ExpectMsdRefused("\"2\": ", "\"65536\": ", "no whole number");
  for (const char* value : {"2.5", "-2", "65536", "null", "true", "[2, \"x\"]", "[[2]]", "{}"}) {
    ExpectNnunetRefused("\"core\": 2", std::string("\"core\": ") + value, "gives \"core\" a value");
  }
  ExpectNnunetRefused("[1, 2]", "[]", "gives \"whole tumour\" no value");
}

TEST(DatasetJson, RefusesChannelsThatAreNotNumbered) {
  ExpectMsdRefused(R"({"0": "CT"})", R"(["CT"])", "\"modality\" must be an object");
  ExpectMsdRefused(R"({"0": "CT"})", "{}", "\"modality\" must be an object");
  ExpectNnunetRefused(R"("1": "FLAIR")", R"("2": "FLAIR")", "1 has none");
  ExpectNnunetRefused(R"("1": "FLAIR")", R"("1": 5)", "1 has none");
}

TEST(DatasetJson, RefusesAListOfCasesThatIsNone) {
  ExpectRefused(R"({"labels": {"1": "x"}, "training": []})", "\"training\" must be a list");
  ExpectRefused(R"({"labels": {"1": "x"}, "training": {"a": 1}})", "\"training\" must be a list");
  ExpectRefused(R"({"labels": {"1": "x"}, "training": ["a.nii"]})", "entry 1, must have the path");
  ExpectMsdRefused(R"(, "label": "labelsTr/liver_1.nii")", "",
                   "entry 2, must have the path of a file as \"label\"");
  ExpectMsdRefused(R"("imagesTr/liver_1.nii")", "7", "as \"image\"");
  ExpectMsdRefused("imagesTr/liver_1.nii", "imagesTr/", "names no file");
}

TEST(DatasetJson, RefusesAListOfFilesThatIsNone) {
  const auto with = [](const char* dataset) {
    return absl::StrReplaceAll(kNnunet, {{"\"numTraining\"", std::string(dataset) + ", \"numTraining\""}});
  };
  ExpectRefused(with(R"("dataset": {})"), "\"dataset\" must be an object");
  ExpectRefused(with(R"("dataset": ["x"])"), "\"dataset\" must be an object");
  ExpectRefused(with(R"("dataset": {"x": 5})"), "must have the path");
  ExpectRefused(with(R"("dataset": {"x": {"label": "a.nii"}})"), "as many \"images\"");
  ExpectRefused(with(R"("dataset": {"x": {"label": "a.nii", "images": ["b.nii"]}})"), "channels, 2");
  ExpectRefused(with(R"("dataset": {"x": {"label": "a.nii", "images": ["b.nii", 1]}})"), "no path");
  ExpectRefused(with(R"("dataset": {"": {"label": "a.nii", "images": ["b.nii", "c.nii"]}})"),
                "names no file");
}

TEST(DatasetJson, RefusesFilesThatAreNotNifti) {
  ExpectNnunetRefused("\".nii\"", "\".nrrd\"", "convert other files to NIfTI");
  ExpectNnunetRefused("\".nii\"", "5", "convert other files to NIfTI");
}

TEST(DatasetJson, RefusesANumberOfCasesThatIsNone) {
  ExpectNnunetRefused("\"numTraining\": 7", "\"numTraining\": -7", "the number of cases");
  ExpectNnunetRefused("\"numTraining\": 7", "\"numTraining\": \"7\"", "the number of cases");
}

TEST(DatasetJson, EscapesAndShortensWhatItRepeats) {
  const std::string name(5000, '\x01');
  const absl::Status status = ParseDatasetJson(R"({"channel_names": {"0": "CT"}, "labels": {")" +
                                               std::string(5000, 'x') + R"(\n": -1}})")
                                  .status();
  EXPECT_LT(status.message().size(), 400u);
}

}  // namespace
}  // namespace sgpsam
