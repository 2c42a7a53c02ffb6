// A Clock that stands still until a test advances it. Thread-safe.
#ifndef SGPSAM_TESTS_SUPPORT_FAKE_CLOCK_H_
#define SGPSAM_TESTS_SUPPORT_FAKE_CLOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"

namespace sgpsam {

class FakeClock : public Clock {
 public:
  explicit FakeClock(absl::Time start = absl::FromUnixSeconds(1'700'000'000)) : now_(start) {}

  absl::Time Now() const override {
    absl::MutexLock lock(&mutex_);
    return now_;
  }

  // Waiters see the new time within a millisecond of real time.
  void Advance(absl::Duration by) {
    absl::MutexLock lock(&mutex_);
    now_ += by;
  }

  // Returns at least every millisecond of real time, so that no Advance can be missed: the interface
  // allows spurious returns, and callers look at Now() again.
  void WaitUntil(absl::CondVar& condition, absl::Mutex& mutex, absl::Time deadline) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (Now() < deadline) condition.WaitWithTimeout(&mutex, absl::Milliseconds(1));
  }

 private:
  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_FAKE_CLOCK_H_
