#include "server/schedule/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "core/base/reason.h"

namespace sgpsam {
namespace {

TEST(Admission, RefusesOneCallTooManyUntilAnotherEnds) {
  Admission admission({.max_calls = 2, .max_bytes = 1000});
  auto first = admission.Admit(0);
  const auto second = admission.Admit(0);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(admission.Admit(0).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(admission.Admit(0).status()), Reason::kServerBusy);
  { const Admission::Ticket ended = *std::move(first); }
  EXPECT_TRUE(admission.Admit(0).ok());
}

TEST(Admission, RefusesOneByteTooManyUntilSomeAreGivenBack) {
  Admission admission({.max_calls = 10, .max_bytes = 1000});
  std::optional<Admission::Ticket> big = *admission.Admit(999);
  EXPECT_EQ(admission.Admit(2).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(admission.Admit(1).ok());
  big.reset();
  EXPECT_TRUE(admission.Admit(1000).ok());
}

TEST(Admission, IsNotFooledBySizesThatOverflow) {
  Admission admission({.max_calls = 10, .max_bytes = 1000});
  const auto one = admission.Admit(1);
  EXPECT_EQ(admission.Admit(~uint64_t{0}).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(Admission, IsUnavailableOnceClosed) {
  Admission admission({});
  EXPECT_FALSE(admission.closed());
  admission.Close();
  EXPECT_TRUE(admission.closed());
  EXPECT_EQ(admission.Admit(1).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(admission.Admit(1).status()), Reason::kServerUnavailable);
}

TEST(Admission, WaitsUntilTheLastCallHasEndedButNoLonger) {
  Admission admission({});
  admission.AwaitEmpty(absl::InfiniteDuration());
  std::optional<Admission::Ticket> ticket = *admission.Admit(1);
  admission.AwaitEmpty(absl::Milliseconds(1));
  std::thread call([&] { ticket.reset(); });
  admission.AwaitEmpty(absl::InfiniteDuration());
  call.join();
}

}  // namespace
}  // namespace sgpsam
