#include "tools/learn/evaluation/report_formats.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/learn/evaluation/ball.h"

namespace sgpsam {
namespace {

std::vector<LesionScores> TwoLesions() {
  return {{"a", 2, 4.25, {0.5, 0.625, 0.75}, {0.25, 0.5, 1}}, {"b", 1, 20, {0.75, 0.875, 1}, {0.75, 1, 1}}};
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

TEST(ReportFormats, SayWhatWasMeasuredAndWhatWasNot) {
  EvaluationReport report = MakeReport(TwoLesions());
  EXPECT_TRUE(nlohmann::json::parse(ToJson(report))["model"].is_null());
  report.set = "ct";
  report.clicks = "in the middle";
  report.model = MeasuredModel{"demo", "1", "ab", "bf16"};
  report.passed_over = {{"case 7", "its label has another grid"}};
  report.crumbs = 3;
  report.min_voxels = 8;
  const auto json = nlohmann::json::parse(ToJson(report));
  EXPECT_EQ(json["set"], "ct");
  EXPECT_EQ(json["clicks"], "in the middle");
  EXPECT_EQ(json["model"]["precision"], "bf16");
  EXPECT_EQ(json["model"]["weights_sha256"], "ab");
  EXPECT_EQ(json["min_voxels"], 8);
  EXPECT_EQ(json["below_min_voxels"], 3);
  EXPECT_EQ(json["passed_over"],
            (nlohmann::json{{{"case", "case 7"}, {"reason", "its label has another grid"}}}));
  const std::string table = ToTable(report);
  for (const char* text :
       {"demo 1, computed in bf16\n", "\nct: 2 lesions of 2 cases", "\nclicks: in the middle\n",
        "\n3 targets of fewer than 8 voxels were left out\n", "1 cases were passed over"}) {
    EXPECT_NE(table.find(text), std::string::npos) << text;
  }
}

// A lesion that was refused is in no mean; it is counted beside it.
TEST(ReportFormats, CountRefusedClicksByReason) {
  std::vector<LesionScores> lesions = TwoLesions();
  lesions[0].refused = {{"EMPTY_MASK", 2}};
  lesions[1].dice = {std::nullopt, 0.5, 0.5};
  lesions[1].nsd = {std::nullopt, 0.5, 0.5};
  lesions[1].refused = {{"EMPTY_MASK", 1}, {"UNNAMED", 1}};
  const EvaluationReport report = MakeReport(lesions);
  const auto json = nlohmann::json::parse(ToJson(report));
  EXPECT_EQ(json["dice"]["1"]["all"], 0.5);
  EXPECT_TRUE(json["dice"]["1"]["ge10mm"].is_null());
  EXPECT_EQ(json["dice"]["3"]["ge10mm"], 0.5);
  EXPECT_EQ(json["refused"]["clicks"], 4);
  EXPECT_EQ(json["refused"]["lesions_without_mask"]["1"],
            (nlohmann::json{{"all", 1}, {"lt5mm", 0}, {"5to10mm", 0}, {"ge10mm", 1}}));
  EXPECT_EQ(json["refused"]["lesions_without_mask"]["3"]["all"], 0);
  EXPECT_EQ(json["refused"]["reasons"]["EMPTY_MASK"], (nlohmann::json{{"clicks", 3}, {"lesions", 2}}));
  const std::string table = ToTable(report);
  EXPECT_NE(table.find("EMPTY_MASK                     3 clicks in 2 lesions\n"), std::string::npos) << table;
  EXPECT_NE(table.find("1 lesions have no mask after 1 click:"), std::string::npos) << table;
  EXPECT_EQ(table.find("no mask after 3 clicks"), std::string::npos) << table;
}

TEST(ReportFormats, HaveTheBestBallsBesideTheScores) {
  std::vector<LesionScores> lesions = TwoLesions();
  EXPECT_TRUE(nlohmann::json::parse(ToJson(MakeReport(lesions)))["ball"].is_null());
  for (LesionScores& lesion : lesions) lesion.ball.assign(kBallRadii, 0.125);
  lesions[0].ball[2] = 0.5;   // 2 mm
  lesions[1].ball[8] = 0.75;  // 5 mm
  const EvaluationReport report = MakeReport(lesions);
  const auto ball = nlohmann::json::parse(ToJson(report))["ball"];
  EXPECT_EQ(ball["radius_mm"], 5);
  EXPECT_EQ(ball["dice"],
            (nlohmann::json{{"all", 0.4375}, {"lt5mm", 0.125}, {"5to10mm", nullptr}, {"ge10mm", 0.75}}));
  EXPECT_EQ(ball["by_size"]["lt5mm"], (nlohmann::json{{"radius_mm", 2.0}, {"dice", 0.5}}));
  EXPECT_TRUE(ball["by_size"]["5to10mm"].is_null());
  const std::string table = ToTable(report);
  EXPECT_NE(table.find("\nball, 5 mm        0.438 ["), std::string::npos) << table;
  EXPECT_NE(table.find("\nball by size      0.438, 5 mm           0.500, 2 mm           -                    "
                       " 0.750, 5 mm\n"),
            std::string::npos)
      << table;
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
