#include "server/program/process.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>

namespace sgpsam {
namespace {

// In a process of its own each: none of this can be taken back. _exit: a leak checker could not attach any
// more.

TEST(ProcessDeathTest, LeavesNoWayToACoreDump) {
  EXPECT_EXIT(
      {
        KeepMemoryOutOfCoreDumps();
        rlimit limit = {};
        getrlimit(RLIMIT_CORE, &limit);
        _exit(limit.rlim_cur == 0 && limit.rlim_max == 0 && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(ProcessDeathTest, TakesTheDescriptorsThatTheSystemAllows) {
  EXPECT_EXIT(
      {
        rlimit limit = {};
        limit.rlim_cur = 64;
        limit.rlim_max = 128;
        setrlimit(RLIMIT_NOFILE, &limit);
        RaiseDescriptorLimit();
        getrlimit(RLIMIT_NOFILE, &limit);
        _exit(limit.rlim_cur == 128 ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(Process, UnsetsWhatBeginsWithThePrefixAndNothingElse) {
  setenv("KITTEN_A", "1", 1);
  setenv("KITTEN_B", "2", 1);
  setenv("KITTENS", "3", 1);
  UnsetEnvironment("KITTEN_");
  EXPECT_EQ(getenv("KITTEN_A"), nullptr);
  EXPECT_EQ(getenv("KITTEN_B"), nullptr);
  EXPECT_EQ(std::string(getenv("KITTENS")), "3");
  unsetenv("KITTENS");
}

}  // namespace
}  // namespace sgpsam
