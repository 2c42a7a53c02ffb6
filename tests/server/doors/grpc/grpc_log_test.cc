#include "server/doors/grpc/grpc_log.h"

#include <gmock/gmock.h>
#include <grpc/support/log.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/log.h"

namespace sgpsam {
namespace {

TEST(GrpcLog, SaysWhereAnErrorAroseAndNothingThatACallerSent) {
  CatchGrpcLog(Clock::Real());
  testing::internal::CaptureStderr();
  for (int n = 0; n < 1000; ++n) gpr_log(GPR_ERROR, "invalid value key=te value=%s", "Doe^Jane");
  gpr_log(GPR_INFO, "invalid value key=te value=%s", "Doe^Jane");
  FlushLog(absl::InfiniteDuration());
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, testing::HasSubstr("error grpc error at=grpc_log_test.cc:"));
  EXPECT_THAT(log, testing::Not(testing::HasSubstr("Doe")));
  EXPECT_LT(std::count(log.begin(), log.end(), '\n'), 1000);
}

}  // namespace
}  // namespace sgpsam
