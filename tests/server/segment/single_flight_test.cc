#include "server/segment/single_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace sgpsam {
namespace {

const Digest kKey = Sha256::Of("key"), kOther = Sha256::Of("other");

TEST(SingleFlight, LetsOneAtATimeInUnderAKey) {
  SingleFlight flight;
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> callers;
  for (int n = 0; n < 8; ++n) {
    callers.emplace_back([&] {
      ASSERT_TRUE(flight.Acquire(kKey, {}, Clock::Real()).ok());
      most = std::max(most.load(), ++inside);
      std::this_thread::yield();
      --inside;
      flight.Release(kKey);
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(most, 1);
}

TEST(SingleFlight, DoesNotHoldUpOtherKeys) {
  SingleFlight flight;
  ASSERT_TRUE(flight.Acquire(kKey, {}, Clock::Real()).ok());
  EXPECT_TRUE(flight.Acquire(kOther, {}, Clock::Real()).ok());
}

TEST(SingleFlight, LetsACallerGoWhoCancelsOrIsTooLate) {
  SingleFlight flight;
  ASSERT_TRUE(flight.Acquire(kKey, {}, Clock::Real()).ok());
  CallContext late;
  late.deadline = Clock::Real().Now() + absl::Milliseconds(5);
  EXPECT_EQ(flight.Acquire(kKey, late, Clock::Real()).code(), absl::StatusCode::kDeadlineExceeded);
  CallContext leaving;
  std::thread cancel([token = leaving.cancel]() mutable { token.Cancel(); });
  EXPECT_EQ(flight.Acquire(kKey, leaving, Clock::Real()).code(), absl::StatusCode::kCancelled);
  cancel.join();
}

}  // namespace
}  // namespace sgpsam
