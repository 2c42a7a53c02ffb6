#include "core/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sgpsam {
namespace {

using testing::MatchesRegex;

std::string Logged(LogLevel level, absl::string_view event, std::initializer_list<LogField> fields) {
  testing::internal::CaptureStderr();
  Log(level, event, fields);
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

}  // namespace
}  // namespace sgpsam
