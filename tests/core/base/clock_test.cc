#include "core/base/clock.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace sgpsam {
namespace {

TEST(RealClock, IsOneAndGoesForward) {
  Clock& clock = Clock::Real();
  EXPECT_EQ(&clock, &Clock::Real());
  const absl::Time first = clock.Now();
  EXPECT_GT(first, absl::FromUnixSeconds(1'600'000'000));
  EXPECT_GE(clock.Now(), first);
}

TEST(RealClock, WaitsNoLongerThanUntilTheDeadline) {
  absl::Mutex mutex;
  absl::CondVar condition;
  absl::MutexLock lock(&mutex);
  // Returns at all: nobody signals.
  Clock::Real().WaitUntil(condition, mutex, Clock::Real().Now() - absl::Seconds(1));
  Clock::Real().WaitUntil(condition, mutex, Clock::Real().Now() + absl::Milliseconds(2));
}

TEST(FakeClock, MovesOnlyWhenItIsAdvanced) {
  FakeClock clock;
  const absl::Time start = clock.Now();
  EXPECT_EQ(clock.Now(), start);
  clock.Advance(absl::Minutes(3));
  EXPECT_EQ(clock.Now(), start + absl::Minutes(3));
}

}  // namespace
}  // namespace sgpsam
