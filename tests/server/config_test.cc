#include "server/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

ABSL_DECLARE_FLAG(std::string, model);
ABSL_DECLARE_FLAG(std::string, listen);
ABSL_DECLARE_FLAG(std::string, precision);
ABSL_DECLARE_FLAG(std::string, self_test);
ABSL_DECLARE_FLAG(std::vector<std::string>, device);
ABSL_DECLARE_FLAG(uint64_t, max_volume_bytes);

namespace sgpsam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() { absl::SetFlag(&FLAGS_model, "weights.safetensors"); }
  ~ConfigTest() override {
    for (const char* name : {"SGPSAM_MODEL", "SGPSAM_DEVICE", "SGPSAM_DRAIN_TIMEOUT"}) {
      unsetenv(name);
    }
  }
  std::string Complaint() { return std::string(ConfigFromFlags().status().message()); }

 private:
  absl::FlagSaver saver_;
};

TEST_F(ConfigTest, NeedsNothingButAModel) {
  const auto config = ConfigFromFlags();
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen, "127.0.0.1:50051");
  EXPECT_THAT(config->workers.devices, ElementsAre("auto"));
  EXPECT_THAT(config->workers.binary, HasSubstr("/sgpsam-worker"));
  absl::SetFlag(&FLAGS_model, "");
  EXPECT_THAT(Complaint(), HasSubstr("--model"));
}

TEST_F(ConfigTest, ReadsTheEnvironment) {
  setenv("SGPSAM_MODEL", "other.safetensors", 1);
  setenv("SGPSAM_DEVICE", "cpu,cuda:1", 1);
  setenv("SGPSAM_DRAIN_TIMEOUT", "90s", 1);
  ASSERT_TRUE(ReadFlags(ServerProgram(), {}).ok());
  const auto config = ConfigFromFlags();
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->workers.model, "other.safetensors");
  EXPECT_THAT(config->workers.devices, ElementsAre("cpu", "cuda:1"));
  EXPECT_EQ(config->drain_timeout, absl::Seconds(90));
}

// A flag that is added to config.cc is set by its variable without being named anywhere else.
TEST_F(ConfigTest, EveryFlagHasItsVariable) {
  const std::string table = ReadFlags(ServerProgram(), {"--help=markdown"}).value();
  int flags = 0;
  for (const absl::string_view line : absl::StrSplit(table, '\n')) {
    if (!absl::StartsWith(line, "| `--")) continue;
    const absl::string_view name = line.substr(5, line.find('`', 5) - 5);
    const std::string variable = absl::StrCat("SGPSAM_", absl::AsciiStrToUpper(name));
    setenv(variable.c_str(), "\n", 1);  // no number, no duration
    const auto read = ReadFlags(ServerProgram(), {});
    const bool text = read.ok() && absl::FindCommandLineFlag(name)->CurrentValue() == "\n";
    EXPECT_TRUE(text || absl::StrContains(read.status().message(), variable)) << name;
    unsetenv(variable.c_str());
    ++flags;
  }
  EXPECT_GE(flags, 17);
}

TEST_F(ConfigTest, NamesTheFlagThatIsWrong) {
  absl::SetFlag(&FLAGS_listen, "nowhere");
  EXPECT_THAT(Complaint(), HasSubstr("--listen"));
  absl::SetFlag(&FLAGS_listen, "[::1]:0");
  absl::SetFlag(&FLAGS_device, {"cpu", "gpu"});
  EXPECT_THAT(Complaint(), HasSubstr("--device"));
  absl::SetFlag(&FLAGS_device, {"cpu"});
  absl::SetFlag(&FLAGS_precision, "fp16");
  EXPECT_THAT(Complaint(), HasSubstr("--precision"));
  absl::SetFlag(&FLAGS_precision, "fp32");
  absl::SetFlag(&FLAGS_self_test, "on");
  EXPECT_THAT(Complaint(), HasSubstr("--self_test"));
  absl::SetFlag(&FLAGS_self_test, "refuse");
  absl::SetFlag(&FLAGS_max_volume_bytes, uint64_t{1} << 40);
  EXPECT_THAT(Complaint(), HasSubstr("--max_bytes_in_flight"));
}

}  // namespace
}  // namespace sgpsam
