// What a step may ask about its caller: until when, and whether anybody still waits.
// Cheap to copy; every copy shares the one cancellation flag. Thread-safe.
#ifndef SGPSAM_CORE_BASE_CALL_CONTEXT_H_
#define SGPSAM_CORE_BASE_CALL_CONTEXT_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/clock.h"

namespace sgpsam {

// Set once by whoever learns that the caller has gone; read by everybody else.
class CancelToken {
 public:
  void Cancel() { cancelled_->store(true, std::memory_order_release); }
  bool cancelled() const { return cancelled_->load(std::memory_order_acquire); }

 private:
  std::shared_ptr<std::atomic<bool>> cancelled_ = std::make_shared<std::atomic<bool>>(false);
};

// Which waiting work starts first; within a class, the one that came first.
enum class Priority { kStat = 0, kRoutine = 1, kBatch = 2 };
inline constexpr int kPriorities = 3;

struct CallContext {
  std::string request_id;  // for logs; never patient data
  absl::Time deadline = absl::InfiniteFuture();
  CancelToken cancel;
  Priority priority = Priority::kRoutine;
  const Clock* clock = &Clock::Real();  // by which the deadline is meant; outlives the call

  // OK while the work is worth going on with.
  absl::Status Check() const { return Check(clock->Now()); }
  // CANCELLED or DEADLINE_EXCEEDED if the work is not worth going on with at `now`, OK otherwise.
  absl::Status Check(absl::Time now) const {
    if (cancel.cancelled()) return absl::CancelledError("the caller has gone");
    if (now >= deadline) return absl::DeadlineExceededError("the call's deadline has passed");
    return absl::OkStatus();
  }
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_CALL_CONTEXT_H_
