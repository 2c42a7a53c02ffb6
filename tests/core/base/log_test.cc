#include "core/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>

namespace sgpsam {
namespace {

using testing::MatchesRegex;

std::string Logged(LogLevel level, absl::string_view event, std::initializer_list<LogField> fields) {
  testing::internal::CaptureStderr();
  Log(level, event, fields);
  FlushLog(absl::InfiniteDuration());
  return testing::internal::GetCapturedStderr();
}

TEST(Log, IsOneLineOfTimeLevelEventAndFields) {
  EXPECT_THAT(Logged(LogLevel::kWarning, "worker died", {{"worker", 3}, {"signal", "SIGKILL"}}),
              MatchesRegex("[-0-9]+T[:.0-9]+Z warning worker died worker=3 signal=SIGKILL\n"));
}

TEST(Log, QuotesWhatWouldBreakTheLine) {
  EXPECT_THAT(Logged(LogLevel::kError, "refused", {{"why", "two\nlines \"here\""}, {"empty", ""}}),
              MatchesRegex(".* error refused why=\"two\\\\nlines \\\\\"here\\\\\"\" empty=\"\"\n"));
}

// Standard error as a pipe that nobody reads until the test does.
class UnreadStderr {
 public:
  UnreadStderr() : stderr_(dup(STDERR_FILENO)) {
    EXPECT_EQ(pipe(ends_), 0);
    dup2(ends_[1], STDERR_FILENO);
    close(ends_[1]);
  }
  ~UnreadStderr() { close(ends_[0]); }

  // Everything that is in it or still comes while the log is flushed; then standard error is as before.
  std::string ReadAll() {
    std::string all;
    std::thread reader([&] {
      char bytes[4096];
      for (ssize_t size = 0; (size = read(ends_[0], bytes, sizeof(bytes))) > 0;) {
        all.append(bytes, static_cast<size_t>(size));
      }
    });
    FlushLog(absl::InfiniteDuration());
    dup2(stderr_, STDERR_FILENO);  // the last writer's end closes
    close(stderr_);
    reader.join();
    return all;
  }

 private:
  const int stderr_;
  int ends_[2];
};

TEST(Log, NeverBlocksAndTellsHowManyLinesNobodyCouldRead) {
  constexpr int kLines = 30'000;  // twice what the pipe and the log can hold
  const uint64_t before = DroppedLogLines();
  UnreadStderr unread;
  for (int n = 0; n < kLines; ++n)
    Log(LogLevel::kInfo, "call ended", {{"request", "0123456789abcdef"}, {"n", n}});
  const uint64_t dropped = DroppedLogLines() - before;
  EXPECT_GT(dropped, 0u);
  const std::string read = unread.ReadAll();
  EXPECT_THAT(read, testing::HasSubstr(absl::StrCat(" warning log lines dropped count=", dropped, "\n")));
  EXPECT_EQ(std::count(read.begin(), read.end(), '\n'), static_cast<ptrdiff_t>(kLines - dropped + 1));
  EXPECT_THAT(read, testing::HasSubstr(" n=0\n"));  // the first ones stay
}

}  // namespace
}  // namespace sgpsam
