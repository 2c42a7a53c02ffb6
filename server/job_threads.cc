#include "server/job_threads.h"

#include <sys/resource.h>

#include <utility>

namespace sgpsam {
namespace {

constexpr int kBackgroundNice = 10;  // a tenth of a core beside a thread that wants all of it

}  // namespace

JobThreads::JobThreads(int threads, ThreadPriority priority) {
  for (int n = 0; n < threads; ++n) threads_.emplace_back([this, priority] { Loop(priority); });
}

JobThreads::~JobThreads() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void JobThreads::Submit(Job job) {
  absl::MutexLock lock(&mutex_);
  jobs_.push_back(std::move(job));
}

void JobThreads::Loop(ThreadPriority priority) {
  // Linux takes 0 as the calling thread; a refusal leaves it as urgent as the others.
  if (priority == ThreadPriority::kBackground) setpriority(PRIO_PROCESS, 0, kBackgroundNice);
  while (true) {
    Job job;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &JobThreads::HasWorkOrStops));
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace sgpsam
