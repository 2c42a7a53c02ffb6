// Lets one caller at a time make the value of a key, so that identical work is done once and the
// others find it in a cache. Used by the pipeline for embeddings. Thread-safe.
#ifndef SGPSAM_SERVER_SEGMENT_SINGLE_FLIGHT_H_
#define SGPSAM_SERVER_SEGMENT_SINGLE_FLIGHT_H_

#include <algorithm>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/call_context.h"
#include "core/base/clock.h"
#include "core/base/digest.h"

namespace sgpsam {

class SingleFlight {
 public:
  // Waits until nobody holds `key`, then holds it: call Release with it. Not OK, and not held, if the
  // caller cancels or its deadline passes first.
  absl::Status Acquire(const Digest& key, const CallContext& call, Clock& clock) {
    absl::MutexLock lock(&mutex_);
    while (held_.contains(key)) {
      const absl::Time now = clock.Now();
      if (absl::Status status = call.Check(now); !status.ok()) return status;
      clock.WaitUntil(released_, mutex_, std::min(call.deadline, now + kCancelPoll));
    }
    held_.insert(key);
    return absl::OkStatus();
  }

  void Release(const Digest& key) {
    absl::MutexLock lock(&mutex_);
    held_.erase(key);
    released_.SignalAll();
  }

 private:
  // Nobody signals a cancellation here; it is seen at the latest after this time.
  static constexpr absl::Duration kCancelPoll = absl::Milliseconds(20);

  absl::Mutex mutex_;
  absl::CondVar released_;
  absl::flat_hash_set<Digest> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SEGMENT_SINGLE_FLIGHT_H_
