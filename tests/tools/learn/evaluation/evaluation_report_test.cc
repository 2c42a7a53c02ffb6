#include "tools/learn/evaluation/evaluation_report.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tools/learn/evaluation/ball.h"

namespace sgpsam {
namespace {

LesionScores Lesion(const std::string& case_id, double diameter_mm, double dice_after_one_click) {
  LesionScores lesion;
  lesion.case_id = case_id;
  lesion.diameter_mm = diameter_mm;
  lesion.dice = {dice_after_one_click, dice_after_one_click + 0.1, dice_after_one_click + 0.2};
  lesion.nsd = {0.5 * *lesion.dice[0], 0.5 * *lesion.dice[1], 0.5 * *lesion.dice[2]};
  return lesion;
}

TEST(EvaluationReport, FindsTheWorstHundredthOfAddedClicks) {
  std::vector<LesionScores> lesions = {Lesion("a", 4, 0.2), Lesion("b", 5, 0.4)};
  EXPECT_FALSE(MakeReport(lesions).added.has_value());
  for (int n = 0; n < 100; ++n) lesions[0].added.push_back(-0.01 * (n + 1));
  lesions[1].added.assign(100, 0.5);
  const AddedClicks added = *MakeReport(lesions).added;
  EXPECT_EQ(added.clicks, 200u);
  EXPECT_DOUBLE_EQ(added.worst_hundredth, -0.98);  // -1 and -0.99 are a hundredth
  EXPECT_NEAR(added.mean, (-50.5 + 50) / 200, 1e-12);
}

TEST(EvaluationReport, PutsConfidenceNextToDiceByTenths) {
  std::vector<LesionScores> lesions = {Lesion("a", 4, 0.2), Lesion("b", 5, 0.4)};  // 0.2 0.3 0.4, 0.4 0.5 0.6
  lesions[0].confidence = {0.31, 0.35, std::nullopt};
  lesions[1].confidence = {0.39, 1, 0};
  const std::vector<ConfidenceTenth> tenths = MakeReport(lesions).confidence;
  ASSERT_EQ(tenths.size(), 3u);
  EXPECT_EQ(tenths[0].masks, 1u);
  EXPECT_DOUBLE_EQ(tenths[0].dice, 0.6);
  EXPECT_EQ(tenths[1].masks, 3u);
  EXPECT_DOUBLE_EQ(tenths[1].said, 0.35);
  EXPECT_DOUBLE_EQ(tenths[1].dice, 0.3);
  EXPECT_EQ(tenths[2].masks, 1u);
  EXPECT_DOUBLE_EQ(tenths[2].said, 1);
}

TEST(EvaluationReport, AveragesLesionsBySizeAndClicks) {
  const EvaluationReport report =
      MakeReport({Lesion("a", 4, 0.2), Lesion("a", 5, 0.4), Lesion("b", 9.9, 0.6), Lesion("c", 4.9, 0.3)});
  EXPECT_DOUBLE_EQ(report.dice[0][0]->mean, 0.375);
  EXPECT_DOUBLE_EQ(report.dice[0][1]->mean, 0.25);
  EXPECT_DOUBLE_EQ(report.dice[0][2]->mean, 0.5);
  EXPECT_FALSE(report.dice[0][3].has_value());
  EXPECT_DOUBLE_EQ(report.dice[1][0]->mean, 0.475);
  EXPECT_DOUBLE_EQ(report.dice[2][2]->mean, 0.7);
  EXPECT_DOUBLE_EQ(report.nsd[0][0]->mean, 0.1875);
  EXPECT_DOUBLE_EQ(report.nsd[2][1]->mean, 0.225);
}

TEST(EvaluationReport, CountsLesionsAndCases) {
  const EvaluationReport report =
      MakeReport({Lesion("a", 4, 0.2), Lesion("b", 12, 0.4), Lesion("a", 30, 0.6), Lesion("a", 2, 0.3)});
  EXPECT_EQ(report.cases, 2u);
  EXPECT_EQ(report.counts, (std::array<size_t, 4>{4, 2, 0, 2}));
  EXPECT_EQ(report.lesions.size(), 4u);
}

TEST(EvaluationReport, TakesTheLesionsOfACaseTogether) {
  std::vector<LesionScores> once, twice, apart;
  for (int n = 0; n < 20; ++n) {
    const LesionScores lesion = Lesion(std::to_string(n), 20, 0.03 * n);
    once.push_back(lesion);
    twice.push_back(lesion);
    apart.push_back(lesion);
    apart.push_back(lesion);
    apart.back().case_id += "'";
  }
  for (int n = 0; n < 20; ++n) twice.push_back(Lesion(std::to_string(n), 20, 0.03 * n));
  const MeanInterval a = *MakeReport(once).dice[0][0], b = *MakeReport(twice).dice[0][0],
                     c = *MakeReport(apart).dice[0][0];
  EXPECT_NEAR(b.low, a.low, 1e-12);
  EXPECT_NEAR(b.high, a.high, 1e-12);
  EXPECT_LT(c.high - c.low, 0.8 * (a.high - a.low));
}

TEST(EvaluationReport, PassesTheBootstrapsOptionsOn) {
  const std::vector<LesionScores> lesions{Lesion("a", 20, 0.1), Lesion("b", 20, 0.5), Lesion("c", 20, 0.9)};
  const EvaluationReport wide = MakeReport(lesions, {0.99, 1000, 1}),
                         narrow = MakeReport(lesions, {0.5, 1000, 1});
  EXPECT_GT(wide.dice[0][0]->high, narrow.dice[0][0]->high);
  EXPECT_EQ(narrow.bootstrap.confidence, 0.5);
}

TEST(EvaluationReport, AveragesGatesOverTheLesionsThatHaveThem) {
  std::vector<LesionScores> lesions{Lesion("a", 4, 0.2), Lesion("b", 12, 0.4), Lesion("c", 12, 0.4)};
  lesions[0].gates = {{0.25, false}, {0.75, true}};
  lesions[1].gates = {{0.75, true}};
  const EvaluationReport report = MakeReport(lesions);
  ASSERT_EQ(report.gates.size(), 2u);
  EXPECT_DOUBLE_EQ(report.gates[0].score[0]->mean, 0.5);
  EXPECT_DOUBLE_EQ(report.gates[0].open_rate[0]->mean, 0.5);
  EXPECT_DOUBLE_EQ(report.gates[0].open_rate[1]->mean, 0);
  EXPECT_DOUBLE_EQ(report.gates[0].score[3]->mean, 0.75);
  EXPECT_DOUBLE_EQ(report.gates[1].score[0]->mean, 0.75);
  EXPECT_DOUBLE_EQ(report.gates[1].open_rate[0]->mean, 1);
  EXPECT_FALSE(report.gates[1].score[3].has_value());
}

TEST(EvaluationReport, LeavesLesionsWithoutAMaskOutOfMeansAndCountsThem) {
  std::vector<LesionScores> lesions{Lesion("a", 4, 0.2), Lesion("b", 12, 0.4), Lesion("c", 12, 0.6)};
  lesions[2].dice[0] = lesions[2].nsd[0] = std::nullopt;
  const EvaluationReport report = MakeReport(lesions);
  EXPECT_DOUBLE_EQ(report.dice[0][0]->mean, 0.3);
  EXPECT_DOUBLE_EQ(report.dice[1][0]->mean, 0.5);
  EXPECT_EQ(report.without_mask[0], (std::array<size_t, 4>{1, 0, 0, 1}));
  EXPECT_EQ(report.without_mask[1], (std::array<size_t, 4>{0, 0, 0, 0}));
  EXPECT_EQ(report.counts[0], 3u);
}

// The ball stands beside what the model did on the same lesions.
TEST(EvaluationReport, MeasuresBallsOnTheLesionsThatHaveAMask) {
  std::vector<LesionScores> lesions{Lesion("a", 20, 0.2), Lesion("b", 20, 0.4)};
  for (LesionScores& lesion : lesions) lesion.ball.assign(kBallRadii, 0.1);
  lesions[0].ball[30] = 0.5;
  lesions[1].ball[40] = 0.9;
  lesions[1].dice = {};
  const EvaluationReport report = MakeReport(lesions);
  EXPECT_EQ(report.balls->radius_mm, BallRadiusMm(30));
  EXPECT_DOUBLE_EQ(report.balls->dice[0]->mean, 0.5);
}

TEST(EvaluationReport, OfNothingHasNoMeans) {
  const EvaluationReport report = MakeReport({});
  EXPECT_EQ(report.cases, 0u);
  EXPECT_FALSE(report.dice[0][0].has_value());
  EXPECT_TRUE(report.gates.empty());
}

}  // namespace
}  // namespace sgpsam
