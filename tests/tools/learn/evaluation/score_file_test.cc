#include "tools/learn/evaluation/score_file.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temporary_folder.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

ScoredCase Scored(const std::string& id) {
  return {"ct", id, {{id, 1, 4.25, {0.5, 0.625, 0.75}, {0.25, 0.5, 1}}}, 0};
}

using ScoreFileTest = TemporaryFolder;

TEST_F(ScoreFileTest, GrowsCaseByCaseAndGoesOn) {
  const std::string path = Path("scores.csv");
  {
    ScoreFile file = ScoreFile::Open(path, "r1", 0).value();
    EXPECT_TRUE(file.done().empty());
    EXPECT_EQ(Read(path), ScoreCsvHeader(0));
    ASSERT_TRUE(file.Append(Scored("a")).ok());
    EXPECT_EQ(Read(path), ScoreCsvHeader(0) + ScoreCsvLines(Scored("a"), 0, "r1"));
  }
  Write("scores.csv", Read(path) + "ct,b,1,2,");  // cut off
  ScoreFile file = ScoreFile::Open(path, "r1", 0).value();
  ASSERT_EQ(file.done().size(), 1u);
  EXPECT_EQ(file.done()[0].case_id, "a");
  ASSERT_TRUE(file.Append(Scored("b")).ok());
  EXPECT_EQ(Read(path),
            ScoreCsvHeader(0) + ScoreCsvLines(Scored("a"), 0, "r1") + ScoreCsvLines(Scored("b"), 0, "r1"));
}

TEST_F(ScoreFileTest, LeavesAFileOfSomethingElseAsItIs) {
  ASSERT_TRUE(ScoreFile::Open(Path("scores.csv"), "r1", 0)->Append(Scored("a")).ok());
  for (const std::string& text : {std::string("someone's notes\n"), Read(Path("scores.csv"))}) {
    Write("scores.csv", text);
    const absl::Status status = ScoreFile::Open(Path("scores.csv"), "r2", 0).status();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), HasSubstr(Path("scores.csv")));
    EXPECT_EQ(Read(Path("scores.csv")), text);
  }
  EXPECT_FALSE(ScoreFile::Open(Path("none/scores.csv"), "r1", 0).ok());
}

}  // namespace
}  // namespace sgpsam
