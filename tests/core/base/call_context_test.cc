#include "core/base/call_context.h"

#include <gtest/gtest.h>

namespace sgpsam {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

TEST(CallContext, GoesOnWithoutDeadlineAndCancellation) { EXPECT_TRUE(CallContext().Check(kNow).ok()); }

TEST(CallContext, StopsAtItsDeadline) {
  CallContext call;
  call.deadline = kNow;
  EXPECT_TRUE(call.Check(kNow - absl::Nanoseconds(1)).ok());
  EXPECT_EQ(call.Check(kNow).code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(CallContext, EveryCopyLearnsOfTheCancellation) {
  CallContext call;
  const CallContext copy = call;
  EXPECT_FALSE(copy.cancel.cancelled());
  call.cancel.Cancel();
  EXPECT_EQ(copy.Check(kNow).code(), absl::StatusCode::kCancelled);
}

TEST(CallContext, OneCallersCancellationIsNobodyElses) {
  CallContext call, other;
  call.cancel.Cancel();
  EXPECT_TRUE(other.Check(kNow).ok());
}

TEST(CallContext, CancellationGoesBeforeTheDeadline) {
  CallContext call;
  call.deadline = kNow;
  call.cancel.Cancel();
  EXPECT_EQ(call.Check(kNow).code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace sgpsam
