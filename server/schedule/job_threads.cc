#include "server/schedule/job_threads.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "core/batching/plan_batch.h"

namespace sgpsam {
namespace {

constexpr int kBackgroundNice = 10;  // a tenth of a core next to a thread that wants all of it

}  // namespace

JobThreads::JobThreads(int threads, Clock& clock, ThreadPriority priority) : clock_(clock) {
  for (int n = 0; n < threads; ++n) threads_.emplace_back([this, priority] { Loop(priority); });
}

JobThreads::~JobThreads() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

uint64_t JobThreads::Submit(Job job, CallContext call) {
  absl::MutexLock lock(&mutex_);
  waiting_.push_back({++last_number_, std::move(job), std::move(call)});
  return last_number_;
}

Job JobThreads::Withdraw(uint64_t number) {
  absl::MutexLock lock(&mutex_);
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Waiting& waiting) { return waiting.number == number; });
  if (found == waiting_.end()) return nullptr;
  Job job = std::move(found->job);
  waiting_.erase(found);
  return job;
}

Job JobThreads::TakeNext() {
  std::vector<WaitingTask> view;
  view.reserve(waiting_.size());
  for (const Waiting& waiting : waiting_) {
    const CallContext& call = waiting.call;
    view.push_back({call.deadline, call.cancel.cancelled(), call.priority});
  }
  const BatchPlan plan = PlanBatch(view, clock_.Now(), 1);
  const auto next =
      waiting_.begin() + static_cast<ptrdiff_t>(plan.drop.empty() ? plan.take.front() : plan.drop.front());
  Job job = std::move(next->job);
  waiting_.erase(next);
  return job;
}

void JobThreads::Loop(ThreadPriority priority) {
  // Linux takes 0 as the calling thread; a refusal leaves it as urgent as the others.
  if (priority == ThreadPriority::kBackground) setpriority(PRIO_PROCESS, 0, kBackgroundNice);
  while (true) {
    Job job;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &JobThreads::HasWorkOrStops));
      if (waiting_.empty()) return;
      job = TakeNext();
    }
    job();
  }
}

}  // namespace sgpsam
