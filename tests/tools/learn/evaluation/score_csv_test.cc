#include "tools/learn/evaluation/score_csv.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/learn/evaluation/ball.h"

namespace sgpsam {
namespace {

ScoredCase TwoLesions() {
  ScoredCase scored{"ct",
                    "a",
                    {{"a", 2, 4.25, {0.5, 0.625, 0.75}, {0.25, 0.5, 1}},
                     {"a", 3, 20, {std::nullopt, 0.875, 1}, {std::nullopt, 1, 1}}},
                    4};
  scored.lesions[0].first_click = {7, 8, 9};
  scored.lesions[0].added = {-0.25, 0.5};
  scored.lesions[0].expected = {0.5, std::nullopt, 0.875};
  scored.lesions[0].confidence = {0.25, std::nullopt, 0.75};
  scored.lesions[1].refused = {{"EMPTY_MASK", 2}, {"UNNAMED", 1}};
  return scored;
}

void ExpectSame(const ScoredCase& a, const ScoredCase& b) {
  EXPECT_EQ(a.set, b.set);
  EXPECT_EQ(a.case_id, b.case_id);
  EXPECT_EQ(a.crumbs, b.crumbs);
  ASSERT_EQ(a.lesions.size(), b.lesions.size());
  for (size_t n = 0; n < a.lesions.size(); ++n) {
    const LesionScores &x = a.lesions[n], &y = b.lesions[n];
    EXPECT_EQ(x.case_id, y.case_id);
    EXPECT_EQ(x.lesion_id, y.lesion_id);
    EXPECT_EQ(x.diameter_mm, y.diameter_mm);
    EXPECT_EQ(x.dice, y.dice);
    EXPECT_EQ(x.nsd, y.nsd);
    EXPECT_EQ(x.expected, y.expected);
    EXPECT_EQ(x.added, y.added);
    EXPECT_EQ(x.confidence, y.confidence);
    EXPECT_EQ(x.refused, y.refused);
    EXPECT_EQ(x.first_click, y.first_click);
    EXPECT_EQ(x.ball, y.ball);
    ASSERT_EQ(x.gates.size(), y.gates.size());
    for (size_t gate = 0; gate < x.gates.size(); ++gate) {
      EXPECT_EQ(x.gates[gate].score, y.gates[gate].score);
      EXPECT_EQ(x.gates[gate].open, y.gates[gate].open);
    }
  }
}

TEST(ScoreCsv, HasALineForEveryLesion) {
  EXPECT_EQ(
      ScoreCsvHeader(0) + ScoreCsvLines(TwoLesions(), 0, "r1"),
      "set,case,lesion,lesions,crumbs,diameter_mm,size,i,j,k,dice_1,dice_3,dice_5,nsd_1,nsd_3,nsd_5,"
      "expected_1,expected_3,expected_5,confidence_1,confidence_3,confidence_5,added,refused,ball,run\r\n"
      "ct,a,2,2,4,4.25,lt5mm,7,8,9,0.5,0.625,0.75,0.25,0.5,1,0.5,,0.875,0.25,,0.75,-0.25 0.5,,,r1\r\n"
      "ct,a,3,2,4,20,ge10mm,0,0,0,,0.875,1,,1,1,,,,,,,,EMPTY_MASK:2 UNNAMED:1,,r1\r\n");
}

TEST(ScoreCsv, HasGatesAndGapsWhereALesionHasNone) {
  ScoredCase scored = TwoLesions();
  scored.lesions[0].gates = {{0.25, false}, {0.5, true}};
  const std::string text = ScoreCsvHeader(2) + ScoreCsvLines(scored, 2, "r1");
  EXPECT_TRUE(absl::StrContains(text, ",refused,gate1,gate1_open,gate2,gate2_open,ball,run\r\n")) << text;
  EXPECT_TRUE(absl::StrContains(text, ",0.75,-0.25 0.5,,0.25,0,0.5,1,,r1\r\n")) << text;
  EXPECT_TRUE(absl::StrContains(text, "UNNAMED:1,,,,,,r1\r\n")) << text;
}

TEST(ScoreCsv, IsReadBackAsItWas) {
  ScoredCase scored = TwoLesions(), other = TwoLesions();
  scored.lesions[0].gates = {{0.25, false}, {0.5, true}};
  scored.lesions[0].ball.assign(kBallRadii, 0.125);
  for (const std::string id : {"liver, \"late\"", "a\nb", "\"", "plain"}) {
    scored.case_id = id;
    for (LesionScores& lesion : scored.lesions) lesion.case_id = id;
    const std::string text =
        ScoreCsvHeader(2) + ScoreCsvLines(scored, 2, "r1") + ScoreCsvLines(other, 2, "r1");
    const absl::StatusOr<ScoreCsv> csv = ParseScoreCsv(text, 2, "r1");
    ASSERT_TRUE(csv.ok()) << csv.status();
    ASSERT_EQ(csv->cases.size(), 2u);
    ExpectSame(csv->cases[0], scored);
    ExpectSame(csv->cases[1], other);
    EXPECT_EQ(csv->whole_bytes, text.size());
  }
}

// However the file was cut off, what is kept are its whole cases.
TEST(ScoreCsv, LeavesOutACaseThatIsNotWhole) {
  ScoredCase second = TwoLesions();
  second.case_id = "b";
  for (LesionScores& lesion : second.lesions) lesion.case_id = "b";
  const std::string first = ScoreCsvHeader(0) + ScoreCsvLines(TwoLesions(), 0, "r1");
  const std::string whole = first + ScoreCsvLines(second, 0, "r1");
  for (size_t size = first.size(); size < whole.size(); ++size) {
    const absl::StatusOr<ScoreCsv> csv = ParseScoreCsv(whole.substr(0, size), 0, "r1");
    ASSERT_TRUE(csv.ok()) << size << ": " << csv.status();
    ASSERT_EQ(csv->cases.size(), 1u) << size;
    EXPECT_EQ(csv->whole_bytes, first.size());
  }
}

TEST(ScoreCsv, RefusesWhatIsNotItsOwn) {
  const std::string text = ScoreCsvHeader(0) + ScoreCsvLines(TwoLesions(), 0, "r1");
  EXPECT_EQ(ParseScoreCsv(text, 0, "r2").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ParseScoreCsv(text, 1, "r1").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseScoreCsv("case,dice\r\na,1\r\n", 0, "r1").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseScoreCsv("", 0, "r1").status().code(), absl::StatusCode::kInvalidArgument);
  for (const char* line :
       {"ct,a,2,2,4,4.25,lt5mm,7,8,9,0.5,x,0.75,0.25,0.5,1,,,r1\r\n",
        "ct,a,-2,2,4,4.25,lt5mm,7,8,9,0.5,0.6,0.75,0.25,0.5,1,,,r1\r\n",
        "ct,a,2,2,4,4.25,lt5mm,7,8,9,0.5,0.6,0.75,0.25,0.5,1,E,,r1\r\n",
        "ct,a,2,2,4,4.25,lt5mm,7,8,9,0.5,0.6,0.75,0.25,0.5,1,,0.5 0.5,r1\r\n", "ct,a\r\n", "\r\n"}) {
    EXPECT_EQ(ParseScoreCsv(ScoreCsvHeader(0) + line, 0, "r1").status().code(),
              absl::StatusCode::kInvalidArgument)
        << line;
  }
}

}  // namespace
}  // namespace sgpsam
