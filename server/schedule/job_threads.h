// A fixed number of threads for blocking work: the pipeline's, and the digests of running uploads. Who waits
// runs in the one order of work (PlanBatch): the most urgent class first, within a class whoever came first.
// Thread-safe. How many jobs may wait is the admission's business.
#ifndef SGPSAM_SERVER_SCHEDULE_JOB_THREADS_H_
#define SGPSAM_SERVER_SCHEDULE_JOB_THREADS_H_

#include <cstdint>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "core/base/call_context.h"
#include "core/base/clock.h"

namespace sgpsam {

// Must not throw: whoever submits one knows how to report its failure.
using Job = absl::AnyInvocable<void()>;

// kBackground: only what other threads leave idle, though never nothing (nice 10).
enum class ThreadPriority { kNormal, kBackground };

class JobThreads {
 public:
  // `clock` outlives the threads.
  JobThreads(int threads, Clock& clock, ThreadPriority priority = ThreadPriority::kNormal);
  // Runs what was submitted, then joins.
  ~JobThreads();
  JobThreads(const JobThreads&) = delete;
  JobThreads& operator=(const JobThreads&) = delete;

  // Returns the job's number, at least 1. A job whose caller has gone or whose deadline has passed runs
  // before all others: it looks at its call, as any job does, and ends.
  uint64_t Submit(Job job, CallContext call = {});

  // The job back, so that it never runs; null if it does not wait (any more).
  Job Withdraw(uint64_t number);

 private:
  struct Waiting {
    uint64_t number;
    Job job;
    CallContext call;
  };

  void Loop(ThreadPriority priority);
  Job TakeNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasWorkOrStops() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || !waiting_.empty(); }

  Clock& clock_;
  absl::Mutex mutex_;
  std::vector<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);  // ascending numbers
  uint64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SCHEDULE_JOB_THREADS_H_
