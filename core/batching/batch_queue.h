// The tasks of one stage that wait for a worker. Bounded; Push never blocks. Completes nothing itself:
// what it drops it hands back. Not thread-safe: the pool's mutex guards both stages' queues together.
#ifndef SGPSAM_CORE_BATCHING_BATCH_QUEUE_H_
#define SGPSAM_CORE_BATCHING_BATCH_QUEUE_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/reason.h"
#include "core/batching/plan_batch.h"
#include "core/batching/task.h"

namespace sgpsam {

template <typename Input, typename Output>
class BatchQueue {
 public:
  using TaskPtr = std::unique_ptr<Task<Input, Output>>;

  explicit BatchQueue(size_t max_queued) : max_queued_(max_queued) {}

  // Ownership of `task` is transferred if and only if the result is OK; the result is the task's id.
  // RESOURCE_EXHAUSTED: the queue is full.
  absl::StatusOr<uint64_t> Push(TaskPtr& task, absl::Time now) {
    if (tasks_.size() >= max_queued_) {
      return WithReason(absl::ResourceExhaustedError(
                            absl::StrCat(max_queued_, " tasks are waiting already; try again later")),
                        Reason::kServerBusy);
    }
    task->id = ++last_id_;
    task->pushed = now;
    tasks_.push_back(std::move(task));
    return last_id_;
  }

  // Puts a task that was taken back to its old place. Never refused: it had its place already.
  void Restore(TaskPtr task) {
    const auto place = std::find_if(tasks_.begin(), tasks_.end(),
                                    [&](const TaskPtr& other) { return other->id > task->id; });
    tasks_.insert(place, std::move(task));
  }

  struct Taken {
    std::vector<TaskPtr> batch;    // to be run together now
    std::vector<TaskPtr> dropped;  // to be completed with call.Check(now)
  };
  // What PlanBatch decides. Both empty only if the queue is empty.
  Taken Take(absl::Time now, int max_batch) {
    const BatchPlan plan = PlanBatch(View(), now, max_batch);
    Taken taken;
    for (size_t i : plan.take) taken.batch.push_back(std::move(tasks_[i]));
    for (size_t i : plan.drop) taken.dropped.push_back(std::move(tasks_[i]));
    tasks_.erase(std::remove(tasks_.begin(), tasks_.end(), nullptr), tasks_.end());
    return taken;
  }

  // The task back to its caller, or null if it does not wait here (any more).
  TaskPtr Remove(uint64_t id) {
    const auto found = Find(id);
    if (found == tasks_.end()) return nullptr;
    TaskPtr task = std::move(*found);
    tasks_.erase(found);
    return task;
  }

  // How many tasks are ahead of it, or nothing if it does not wait here (any more).
  std::optional<size_t> Position(uint64_t id) {
    const auto found = Find(id);
    if (found == tasks_.end()) return std::nullopt;
    return TasksAhead(View(), static_cast<size_t>(found - tasks_.begin()));
  }

  size_t size() const { return tasks_.size(); }

 private:
  typename std::vector<TaskPtr>::iterator Find(uint64_t id) {
    return std::find_if(tasks_.begin(), tasks_.end(), [&](const TaskPtr& task) { return task->id == id; });
  }

  std::vector<WaitingTask> View() const {
    std::vector<WaitingTask> view;
    view.reserve(tasks_.size());
    for (const TaskPtr& task : tasks_) {
      view.push_back({task->call.deadline, task->call.cancel.cancelled(), task->call.priority,
                      task->failed_attempts > 0});
    }
    return view;
  }

  const size_t max_queued_;
  std::vector<TaskPtr> tasks_;  // ascending ids
  uint64_t last_id_ = 0;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BATCHING_BATCH_QUEUE_H_
