#include "tools/learn/evaluation/report_formats.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sgpsam {
namespace {

std::vector<LesionScores> TwoLesions() {
  return {{"a", 2, 4.25, {0.5, 0.625, 0.75}, {0.25, 0.5, 1}, {}, 0},
          {"b", 1, 20, {0.75, 0.875, 1}, {0.75, 1, 1}, {}, 0}};
}

std::vector<LesionScores> TwoGatedLesions() {
  std::vector<LesionScores> lesions = TwoLesions();
  lesions[0].gates = {{0.25, false}, {0.5, true}};
  lesions[1].gates = {{0.75, true}};
  return lesions;
}

TEST(ReportFormats, JsonHasPlainMeansByMetricClicksAndSize) {
  const auto json = nlohmann::json::parse(ToJson(MakeReport(TwoLesions())));
  EXPECT_EQ(json["dice"]["1"]["all"], 0.625);
  EXPECT_EQ(json["dice"]["1"]["lt5mm"], 0.5);
  EXPECT_EQ(json["dice"]["1"]["ge10mm"], 0.75);
  EXPECT_EQ(json["dice"]["3"]["all"], 0.75);
  EXPECT_EQ(json["dice"]["5"]["ge10mm"], 1);
  EXPECT_EQ(json["nsd"]["1"]["all"], 0.5);
  EXPECT_EQ(json["nsd"]["5"]["lt5mm"], 1);
  EXPECT_EQ(json["cases"], 2);
  EXPECT_EQ(json["lesions"], (nlohmann::json{{"all", 2}, {"lt5mm", 1}, {"5to10mm", 0}, {"ge10mm", 1}}));
}

TEST(ReportFormats, JsonHasEverySizeAndNullForTheEmptyOnes) {
  const auto json = nlohmann::json::parse(ToJson(MakeReport(TwoLesions())));
  for (const char* metric : {"dice", "nsd", "dice_ci95", "nsd_ci95"}) {
    EXPECT_EQ(json[metric].size(), 3u) << metric;
    for (const char* clicks : {"1", "3", "5"}) {
      EXPECT_EQ(json[metric][clicks].size(), 4u) << metric;
      EXPECT_TRUE(json[metric][clicks].contains("5to10mm"));
      EXPECT_TRUE(json[metric][clicks]["5to10mm"].is_null());
      EXPECT_FALSE(json[metric][clicks]["all"].is_null());
    }
  }
}

TEST(ReportFormats, JsonHasIntervalsUnderTheirConfidence) {
  const auto json = nlohmann::json::parse(ToJson(MakeReport(TwoLesions())));
  EXPECT_EQ(json["dice_ci95"]["1"]["all"], (nlohmann::json{0.5, 0.75}));
  EXPECT_EQ(json["nsd_ci95"]["1"]["ge10mm"], (nlohmann::json{0.75, 0.75}));
  const auto other = nlohmann::json::parse(ToJson(MakeReport(TwoLesions(), {0.9, 100, 5})));
  EXPECT_TRUE(other.contains("dice_ci90"));
  EXPECT_EQ(other["bootstrap"], (nlohmann::json{{"confidence", 0.9}, {"resamples", 100}, {"seed", 5}}));
}

TEST(ReportFormats, JsonSaysWhatWasMeasuredAndWhatWasNot) {
  std::vector<LesionScores> lesions = TwoLesions();
  lesions[1].refused_clicks = 2;
  EvaluationReport report = MakeReport(lesions);
  EXPECT_TRUE(nlohmann::json::parse(ToJson(report))["model"].is_null());
  report.model = MeasuredModel{"demo", "1", "ab", "bf16"};
  report.passed_over = {{"case 7", "its label has another grid"}};
  const auto json = nlohmann::json::parse(ToJson(report));
  EXPECT_EQ(json["model"]["precision"], "bf16");
  EXPECT_EQ(json["model"]["weights_sha256"], "ab");
  EXPECT_EQ(json["refused_clicks"], 2);
  EXPECT_EQ(json["passed_over"], (nlohmann::json{{{"case", "case 7"}, {"reason", "its label has another grid"}}}));
  EXPECT_NE(ToTable(report).find("demo 1, computed in bf16"), std::string::npos);
  EXPECT_NE(ToTable(report).find("2 clicks were refused"), std::string::npos);
  EXPECT_NE(ToTable(report).find("1 cases were passed over"), std::string::npos);
}

TEST(ReportFormats, JsonHasTheGatesOfEachModule) {
  EXPECT_EQ(nlohmann::json::parse(ToJson(MakeReport(TwoLesions())))["gates"], nlohmann::json::array());
  const auto gates = nlohmann::json::parse(ToJson(MakeReport(TwoGatedLesions())))["gates"];
  ASSERT_EQ(gates.size(), 2u);
  EXPECT_EQ(gates[0]["score"]["all"], 0.5);
  EXPECT_EQ(gates[0]["open_rate"]["ge10mm"], 1);
  EXPECT_EQ(gates[1]["score"]["lt5mm"], 0.5);
  EXPECT_TRUE(gates[1]["open_rate"]["ge10mm"].is_null());
}

TEST(ReportFormats, JsonOfNothingIsNullEverywhere) {
  const auto json = nlohmann::json::parse(ToJson(MakeReport({})));
  EXPECT_TRUE(json["dice"]["1"]["all"].is_null());
  EXPECT_EQ(json["cases"], 0);
}

TEST(ReportFormats, JsonIsOneLine) {
  EXPECT_EQ(ToJson(MakeReport(TwoLesions())).find('\n'), std::string::npos);
}

TEST(ReportFormats, CsvHasALineForEveryLesion) {
  EXPECT_EQ(ToCsv(TwoLesions()),
            "case,lesion,diameter_mm,size,dice_1,dice_3,dice_5,nsd_1,nsd_3,nsd_5\r\n"
            "a,2,4.25,lt5mm,0.5,0.625,0.75,0.25,0.5,1\r\n"
            "b,1,20,ge10mm,0.75,0.875,1,0.75,1,1\r\n");
}

TEST(ReportFormats, CsvHasTheGatesAndGapsWhereALesionHasNone) {
  EXPECT_EQ(ToCsv(TwoGatedLesions()),
            "case,lesion,diameter_mm,size,dice_1,dice_3,dice_5,nsd_1,nsd_3,nsd_5,gate1,gate1_open,gate2,"
            "gate2_open\r\n"
            "a,2,4.25,lt5mm,0.5,0.625,0.75,0.25,0.5,1,0.25,0,0.5,1\r\n"
            "b,1,20,ge10mm,0.75,0.875,1,0.75,1,1,0.75,1,,\r\n");
}

TEST(ReportFormats, CsvQuotesNamesOfCasesThatNeedIt) {
  std::vector<LesionScores> lesions = TwoLesions();
  lesions[0].case_id = "liver, \"late\"";
  lesions[1].case_id = "a\nb";
  const std::string csv = ToCsv(lesions);
  EXPECT_NE(csv.find("\r\n\"liver, \"\"late\"\"\",2,"), std::string::npos);
  EXPECT_NE(csv.find("\r\n\"a\nb\",1,"), std::string::npos);
}

TEST(ReportFormats, TableHasAColumnForEverySize) {
  EXPECT_EQ(
      ToTable(MakeReport(TwoLesions())),
      "2 lesions of 2 cases; intervals: 95 %, bootstrap over cases\n"
      "\n"
      "                  all                   below 5 mm            5 to 10 mm            10 mm and more\n"
      "lesions           2                     1                     0                     1\n"
      "Dice, 1 click     0.625 [0.500, 0.750]  0.500 [0.500, 0.500]  -                     0.750 [0.750, "
      "0.750]\n"
      "Dice, 3 clicks    0.750 [0.625, 0.875]  0.625 [0.625, 0.625]  -                     0.875 [0.875, "
      "0.875]\n"
      "Dice, 5 clicks    0.875 [0.750, 1.000]  0.750 [0.750, 0.750]  -                     1.000 [1.000, "
      "1.000]\n"
      "NSD, 1 click      0.500 [0.250, 0.750]  0.250 [0.250, 0.250]  -                     0.750 [0.750, "
      "0.750]\n"
      "NSD, 3 clicks     0.750 [0.500, 1.000]  0.500 [0.500, 0.500]  -                     1.000 [1.000, "
      "1.000]\n"
      "NSD, 5 clicks     1.000 [1.000, 1.000]  1.000 [1.000, 1.000]  -                     1.000 [1.000, "
      "1.000]\n");
}

TEST(ReportFormats, TableHasTheGates) {
  const std::string table = ToTable(MakeReport(TwoGatedLesions()));
  EXPECT_NE(table.find("\ngate 1, score     0.500 ["), std::string::npos);
  EXPECT_NE(table.find("\ngate 2, open      1.000 ["), std::string::npos);
}

}  // namespace
}  // namespace sgpsam
