#include "server/program/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "tests/support/temporary_folder.h"

ABSL_FLAG(int, cups, 3, "How many cups; a | b.");
ABSL_FLAG(std::string, kettle, "", "Which kettle.");

namespace sgpsam {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const Program kTea{"tea", "makes tea.", "tests/server/program/flags_test.cc", "TEA_"};

class FlagsTest : public TemporaryFolder {
 protected:
  ~FlagsTest() override {
    for (const char* name : {"TEA_CUPS", "TEA_KETTLE", "TEA_SUGAR", "TEA_PORT_80_TCP"}) unsetenv(name);
  }
  static std::string Mistake(const std::vector<std::string>& arguments) {
    const auto read = ReadFlags(kTea, arguments);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(read.status().message());
  }
  static bool Runs(const std::vector<std::string>& arguments) {
    const auto read = ReadFlags(kTea, arguments);
    return read.ok() && read->empty();
  }

 private:
  absl::FlagSaver saver_;
};

TEST_F(FlagsTest, ReadsBothWaysOfWritingAFlag) {
  ASSERT_TRUE(Runs({"--cups=5", "-kettle", "--blue"}));
  EXPECT_EQ(absl::GetFlag(FLAGS_cups), 5);
  EXPECT_EQ(absl::GetFlag(FLAGS_kettle), "--blue");
}

TEST_F(FlagsTest, LetsTheCommandLineWinOverTheEnvironment) {
  setenv("TEA_CUPS", "7", 1);
  setenv("TEA_KETTLE", "a=b", 1);
  ASSERT_TRUE(Runs({"--cups=5"}));
  EXPECT_EQ(absl::GetFlag(FLAGS_cups), 5);
  EXPECT_EQ(absl::GetFlag(FLAGS_kettle), "a=b");
}

TEST_F(FlagsTest, ReadsAFlagFileInItsPlace) {
  const std::string path = Write("flags", "# for two\n\n  --cups=2\n--kettle=red\n");
  ASSERT_TRUE(Runs({"--kettle=blue", "--flagfile", path, "--cups=9"}));
  EXPECT_EQ(absl::GetFlag(FLAGS_cups), 9);
  EXPECT_EQ(absl::GetFlag(FLAGS_kettle), "red");
  Write("flags", "--cups 2\n");
  EXPECT_THAT(Mistake({"--flagfile=" + path}), HasSubstr("--name=value"));
  EXPECT_THAT(Mistake({"--flagfile=" + path + ".no"}), HasSubstr("cannot be read"));
}

TEST_F(FlagsTest, NamesTheFlagThatIsWrong) {
  EXPECT_THAT(Mistake({"--sugar=1"}), HasSubstr("no flag --sugar"));
  EXPECT_THAT(Mistake({"--flagfile_=1"}), HasSubstr("no flag --flagfile_"));
  EXPECT_THAT(Mistake({"--cups=many"}), HasSubstr("--cups cannot be read"));
  EXPECT_THAT(Mistake({"--cups"}), HasSubstr("--cups needs a value"));
  EXPECT_THAT(Mistake({"milk"}), HasSubstr("only flags"));
  EXPECT_THAT(Mistake({"--"}), HasSubstr("only flags"));
}

TEST_F(FlagsTest, NamesEveryVariableThatBelongsToNoFlag) {
  setenv("TEA_SUGAR", "two", 1);
  setenv("TEA_PORT_80_TCP", "tcp://10.0.0.1:80", 1);
  EXPECT_THAT(Mistake({}), AllOf(HasSubstr("TEA_SUGAR"), HasSubstr("TEA_PORT_80_TCP"),
                                 HasSubstr("enableServiceLinks"), Not(HasSubstr("two"))));
  Program without_variables = kTea;
  without_variables.environment = "";
  EXPECT_EQ(ReadFlags(without_variables, {}).value(), "");
}

TEST_F(FlagsTest, NamesTheVariableThatCannotBeRead) {
  setenv("TEA_CUPS", "many", 1);
  EXPECT_THAT(Mistake({}), HasSubstr("TEA_CUPS cannot be read"));
}

TEST_F(FlagsTest, HelpListsTheProgramsOwnFlagsWithTheirDefaultsAndNoOthers) {
  setenv("TEA_SUGAR", "two", 1);  // who asks for help may have got anything wrong
  const std::string help = ReadFlags(kTea, {"--help"}).value();
  EXPECT_THAT(help, AllOf(HasSubstr("--cups=3\n"), HasSubstr("How many cups"), HasSubstr("--kettle=\n"),
                          HasSubstr("TEA_CUPS"), HasSubstr(std::string(SoftwareVersion()))));
  EXPECT_THAT(help, AllOf(Not(HasSubstr("undefok")), Not(HasSubstr(SGPSAM_SOURCE_DIR))));
  EXPECT_EQ(
      ReadFlags(kTea, {"--help=markdown"}).value(),
      "| flag | default | meaning |\n| --- | --- | --- |\n| `--cups` | `3` | How many cups; a \\| b. |\n"
      "| `--kettle` |  | Which kettle. |\n");
  EXPECT_THAT(Mistake({"--help=html"}), HasSubstr("--help=markdown"));
}

TEST_F(FlagsTest, TellsItsVersion) {
  EXPECT_EQ(ReadFlags(kTea, {"--version"}).value(), "tea " + std::string(SoftwareVersion()) + "\n");
}

}  // namespace
}  // namespace sgpsam
