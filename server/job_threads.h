// A fixed number of threads that run jobs in the order of their submission: the pipeline's blocking work,
// and the digests of running uploads. Thread-safe. How many jobs may wait is the admission's business.
#ifndef SGPSAM_SERVER_JOB_THREADS_H_
#define SGPSAM_SERVER_JOB_THREADS_H_

#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace sgpsam {

// Must not throw: whoever submits one knows how to report its failure.
using Job = absl::AnyInvocable<void()>;

// kBackground: only what other threads leave idle, though never nothing (nice 10).
enum class ThreadPriority { kNormal, kBackground };

class JobThreads {
 public:
  explicit JobThreads(int threads, ThreadPriority priority = ThreadPriority::kNormal);
  // Runs what was submitted, then joins.
  ~JobThreads();
  JobThreads(const JobThreads&) = delete;
  JobThreads& operator=(const JobThreads&) = delete;

  void Submit(Job job);

 private:
  void Loop(ThreadPriority priority);
  bool HasWorkOrStops() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || !jobs_.empty(); }

  absl::Mutex mutex_;
  std::deque<Job> jobs_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_JOB_THREADS_H_
