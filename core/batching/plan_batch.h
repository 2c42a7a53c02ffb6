// Which waiting tasks run next: pure functions of what is known at one moment, so that deadlines,
// cancellation and priority are tested without threads. Every queue asks them: BatchQueue, WorkerPool and the
// server's JobThreads.
#ifndef SGPSAM_CORE_BATCHING_PLAN_BATCH_H_
#define SGPSAM_CORE_BATCHING_PLAN_BATCH_H_

#include <cstddef>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/base/call_context.h"

namespace sgpsam {

// What a decision may depend on, of one waiting task.
struct WaitingTask {
  absl::Time deadline = absl::InfiniteFuture();
  bool cancelled = false;
  Priority priority = Priority::kRoutine;
  bool alone = false;  // a replica died while it ran: it gets no companions, so that the cause is certain
};

// Indices into the queue. Nothing in either: wait.
struct BatchPlan {
  std::vector<size_t> take;  // in the order in which they are to run; at most max_batch
  std::vector<size_t> drop;  // cancelled, or past their deadline: they must never start
};

// `queue` is in order of arrival. Everything that can run now does: a batch forms when a worker is
// free (late), so holding one back for companions would only add latency. The most urgent class goes
// first; within a class, whoever came first.
BatchPlan PlanBatch(absl::Span<const WaitingTask> queue, absl::Time now, int max_batch);

// How many of the queue's tasks would start before task `index`.
size_t TasksAhead(absl::Span<const WaitingTask> queue, size_t index);

enum class NextStage { kNone, kEncode, kDecode };

// A decode is far shorter than an encode (a click against a volume), so it goes first; but after
// `max_decodes_in_a_row` batches of decodes a waiting encode has its turn.
NextStage ChooseStage(size_t waiting_encodes, size_t waiting_decodes, int decodes_in_a_row,
                      int max_decodes_in_a_row);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BATCHING_PLAN_BATCH_H_
