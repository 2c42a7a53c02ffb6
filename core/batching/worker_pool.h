// The pool of replicas and its two queues: callers hand in one patch or one decode and wait for it;
// each replica's thread pulls the largest batch that PlanBatch gives it when it is free (late batch
// formation). Thread-safe. Engines are owned. A replica that dies is restarted with back-off; what it
// was running is retried once, alone, on whichever replica is free first.
#ifndef SGPSAM_CORE_BATCHING_WORKER_POOL_H_
#define SGPSAM_CORE_BATCHING_WORKER_POOL_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/call_context.h"
#include "core/base/clock.h"
#include "core/batching/task.h"
#include "core/engine/engine.h"
#include "core/metrics/metrics.h"

namespace sgpsam {

struct WorkerPoolOptions {
  int max_batch = 0;             // patches or decodes that run together; 0: as the device (MaxBatch)
  size_t max_queued = 256;       // per stage; beyond it a call is RESOURCE_EXHAUSTED
  int max_decodes_in_a_row = 8;  // batches of decodes before a waiting encode has its turn
  // How often an idle replica is asked whether it is still alive.
  absl::Duration health_interval = absl::Milliseconds(100);
  // The first restart comes at once; then the wait doubles from the first to the second value until a
  // batch succeeds.
  absl::Duration min_restart_wait = absl::Milliseconds(100);
  absl::Duration max_restart_wait = absl::Seconds(30);
};

// Told while a caller waits, on the caller's own thread and without a lock held: how many tasks of its
// stage are ahead of it. Called at once and whenever the number changes; not any more once it runs.
using QueueObserver = std::function<void(size_t position)>;

class WorkerPool {
 public:
  // At least one engine; all serve the same model. `clock` and `metrics` outlive the pool.
  WorkerPool(std::vector<std::unique_ptr<Engine>> engines, const WorkerPoolOptions& options, Clock& clock,
             Metrics& metrics);
  // Stops the threads after the running batches. Calls that still wait get UNAVAILABLE.
  ~WorkerPool();

  const ModelInfo& info() const;  // of the first replica
  std::vector<std::string> devices() const;

  // Block until the result is there, the deadline passes (DEADLINE_EXCEEDED) or the caller cancels
  // (CANCELLED), whether the task still waits or runs already; a task that waits is taken out and never
  // starts. UNAVAILABLE: no replica is alive, and the last restart of each has failed. RESOURCE_EXHAUSTED:
  // too many wait. INTERNAL: it took down two replicas, do not send it again. The caller records the times as
  // stages.
  absl::StatusOr<Timed<Embedding>> Encode(Patch patch, const CallContext& call,
                                          const QueueObserver& observer = nullptr);
  absl::StatusOr<Timed<MaskLogits>> Decode(DecodeInput input, const CallContext& call,
                                           const QueueObserver& observer = nullptr);

  // True while at least one replica can take work.
  bool healthy() const;

  // Wakes callers whose token was cancelled: call after CancelToken::Cancel.
  void NotifyCancelled();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BATCHING_WORKER_POOL_H_
