// One patch or one decode on its way through the pool. Owned by exactly one place at a time: the
// caller, a BatchQueue, or the replica's thread that runs it.
#ifndef SGPSAM_CORE_BATCHING_TASK_H_
#define SGPSAM_CORE_BATCHING_TASK_H_

#include <cstdint>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/call_context.h"

namespace sgpsam {

template <typename Output>
struct Timed {  // an output and where its time went
  Output output;
  absl::Duration queued;  // from submission until its batch started
  absl::Duration ran;     // the batch's own time
};

template <typename Input, typename Output>
struct Task {
  Input input;
  CallContext call;
  // Called exactly once, without any lock held, by whoever ends the task; not called if the caller
  // itself takes the task back.
  absl::AnyInvocable<void(absl::StatusOr<Timed<Output>>) &&> done;

  uint64_t id = 0;          // given by the queue, ascending in order of arrival
  absl::Time pushed;        // given by the queue
  int failed_attempts = 0;  // replicas that died while it ran

  void Complete(absl::StatusOr<Timed<Output>> result) && { std::move(done)(std::move(result)); }
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BATCHING_TASK_H_
