// One stage of the pool: its queue, the callers that wait on it, and how a batch of it runs. Private to
// worker_pool.cc; everything here is guarded by the pool's mutex except Run and Finish.
#ifndef SGPSAM_CORE_BATCHING_LANE_H_
#define SGPSAM_CORE_BATCHING_LANE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "core/batching/batch_queue.h"
#include "core/engine/engine.h"
#include "core/metrics/metrics.h"

namespace sgpsam {

// Where a caller sleeps and finds its result. Shared by the caller and its task: either may go first.
template <typename Output>
struct Waiter {
  absl::CondVar changed;  // result or queue position
  std::optional<absl::StatusOr<Timed<Output>>> result;
};

template <typename Input, typename Output>
class Lane {
 public:
  using Queue = BatchQueue<Input, Output>;
  using Results = std::vector<absl::StatusOr<Output>>;
  using RunFunction = Results (Engine::*)(absl::Span<const Input* const>);

  Lane(size_t max_queued, const QueueMetrics& metrics, RunFunction run)
      : queue(max_queued), metrics_(metrics), run_(run) {}

  // After every change of the queue: the gauge, and the callers who watch their position.
  void Changed() {
    metrics_.depth->Set(static_cast<double>(queue.size()));
    for (auto& [id, waiter] : waiters) waiter->changed.Signal();
  }

  Results Run(Engine& engine, const std::vector<typename Queue::TaskPtr>& batch) const {
    metrics_.batch_size->Observe(static_cast<double>(batch.size()));
    std::vector<const Input*> inputs;
    inputs.reserve(batch.size());
    for (const auto& task : batch) inputs.push_back(&task->input);
    return (engine.*run_)(inputs);
  }

  Queue queue;
  absl::flat_hash_map<uint64_t, std::shared_ptr<Waiter<Output>>> waiters;  // by task id

 private:
  const QueueMetrics metrics_;
  const RunFunction run_;
};

using EncodeLane = Lane<Patch, Embedding>;
using DecodeLane = Lane<DecodeInput, MaskLogits>;

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BATCHING_LANE_H_
