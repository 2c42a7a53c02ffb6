#include "tools/learn/cases/case_names.h"

#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temporary_folder.h"
#include "tests/tools/learn/cases/named_cases.h"

namespace sgpsam {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using CaseNamesTest = TemporaryFolder;

TEST_F(CaseNamesTest, AreAListOrAFile) {
  EXPECT_THAT(*ReadCaseNames("STS_004, STS_001"), ElementsAre("STS_001", "STS_004"));
  const std::string file =
      Write("held_out.txt", "# never trained on\nSTS_001\r\n\n  STS_004  # small\nleg, left\n");
  EXPECT_THAT(*ReadCaseNames(file), ElementsAre("STS_001", "STS_004", "leg, left"));
}

// A file that is mistyped must not become a list of one case that does not exist: nothing would be held out.
TEST_F(CaseNamesTest, RefuseAFileThatIsNotThereOrEmpty) {
  EXPECT_EQ(ReadCaseNames(Path("none.txt")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadCaseNames("none.txt").status().code(), absl::StatusCode::kNotFound);
  const absl::Status empty = ReadCaseNames(Write("empty.txt", "# nobody\n")).status();
  EXPECT_EQ(empty.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(empty.message()), HasSubstr(Path("empty.txt")));
  EXPECT_FALSE(ReadCaseNames(" , ").ok());
  EXPECT_FALSE(ReadCaseNames(Path("")).ok()) << "a folder";
}

TEST(SomeCases, AreThoseOfTheSource) {
  const auto all = std::make_shared<NamedCases>(std::vector<std::string>{"a", "b", "c"});
  const SomeCases some(all, {2, 0});
  ASSERT_EQ(some.size(), 2);
  EXPECT_EQ(some.id(0), "c");
  EXPECT_EQ(some.Read(1)->id, "a");
  EXPECT_EQ(some.Read(2).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(some.Read(-1).status().code(), absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace sgpsam
