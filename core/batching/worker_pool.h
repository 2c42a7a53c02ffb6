// The pool of replicas behind two queues: callers hand in one patch or one decode and wait for it;
// each replica's thread pulls the largest batch that PlanBatch gives it when it is free (late batch
// formation). Thread-safe. Engines are owned; the destructor stops the threads after the running batch.
#ifndef SGPSAM_CORE_BATCHING_WORKER_POOL_H_
#define SGPSAM_CORE_BATCHING_WORKER_POOL_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/call_context.h"
#include "core/base/clock.h"
#include "core/engine/engine.h"
#include "core/metrics/metrics.h"

namespace sgpsam {

struct WorkerPoolOptions {
  int max_batch = 4;                 // patches or decodes that run together
  size_t max_queued = 256;           // per stage; beyond it Push is RESOURCE_EXHAUSTED
};

// Told by the pool while a caller waits: how many tasks of its stage are ahead of it.
using QueueObserver = std::function<void(size_t position)>;

template <typename Output>
struct Timed {                       // an output and where its time went
  Output output;
  absl::Duration queued;             // from submission until its batch started
  absl::Duration ran;                // the batch's own time
};

class WorkerPool {
 public:
  // At least one engine; all serve the same model. `clock` and `metrics` outlive the pool.
  WorkerPool(std::vector<std::unique_ptr<Engine>> engines, const WorkerPoolOptions& options,
             Clock& clock, Metrics& metrics);
  ~WorkerPool();

  const ModelInfo& info() const;     // of the first replica
  std::vector<std::string> devices() const;

  // Block until the result is there, the deadline passes (DEADLINE_EXCEEDED) or the caller cancels
  // (CANCELLED). A replica that dies (UNAVAILABLE) is retried once elsewhere or after its restart.
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
