#include "server/job_threads.h"

#include <utility>

namespace sgpsam {

JobThreads::JobThreads(int threads) {
  for (int n = 0; n < threads; ++n) threads_.emplace_back([this] { Loop(); });
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

void JobThreads::Loop() {
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
