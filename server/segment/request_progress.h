// One request on its way: who called, how far it is, what its stages took. Runs each step, so that a step is
// timed, told and left out once nobody waits for it. Belongs to the request's thread;
// observers of queues may call from a worker's.
#ifndef SGPSAM_SERVER_SEGMENT_REQUEST_PROGRESS_H_
#define SGPSAM_SERVER_SEGMENT_REQUEST_PROGRESS_H_

#include <array>
#include <functional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/call_context.h"
#include "core/base/clock.h"
#include "core/base/stage.h"
#include "core/base/status_macros.h"
#include "core/batching/worker_pool.h"
#include "core/looks/look_policy.h"
#include "core/metrics/metrics.h"
#include "server/segment/stage_estimates.h"

namespace sgpsam {

// Called at the start of each stage and when the place in a queue changes, from the calling thread or
// a worker's.
struct ProgressEvent {
  Stage stage = Stage::kDecode;
  size_t target = 0;
  int patch = 0;    // of the target, from 1; 0: the stage is not a patch's
  int patches = 0;  // the most that the target may take
  size_t queue_position = 0;
  absl::Duration expected = absl::ZeroDuration();  // until the result; zero: not known yet
};
using ProgressSink = std::function<void(const ProgressEvent&)>;

class RequestProgress {
 public:
  // What all requests share.
  struct Observers {
    Clock& clock;
    Metrics& metrics;
    StageEstimates& estimates;
    size_t replicas = 1;  // that share the queues
  };

  // The arguments outlive it; `sink` may be empty.
  RequestProgress(const Observers& observers, const CallContext& call, const ProgressSink& sink,
                  size_t targets)
      : observers_(observers), call_(call), sink_(sink), targets_(targets) {}

  const CallContext& call() const { return call_; }
  const std::array<absl::Duration, kStages>& times() const { return times_; }
  // OK while somebody waits for the result.
  absl::Status Check() const { return call_.Check(observers_.clock.Now()); }

  // Runs one step of a stage; the errors of Check and of `step`.
  template <typename Step>
  std::invoke_result_t<Step> Do(Stage stage, Step&& step) {
    const absl::Time start = observers_.clock.Now();
    RETURN_IF_ERROR(call_.Check(start));
    Announce(stage, stage, 0);
    auto result = std::forward<Step>(step)();
    Took(stage, observers_.clock.Now() - start);
    return result;
  }
  void Took(Stage stage, absl::Duration duration);

  void BeginTarget(size_t target) { target_ = target; }
  void BeginPatch(int patch, int most);
  void FoundEmbedding(bool cached) { cached_ = cached; }
  void EndPatches();  // of one target

  // The next to run already counts as running: the pool tells no more until the result is there.
  QueueObserver WaitingFor(Stage stage) const;

 private:
  // `next`: the stage that begins, or that is waited for.
  void Announce(Stage stage, Stage next, size_t ahead) const;
  void EndPatch();

  const Observers observers_;
  const CallContext& call_;
  const ProgressSink& sink_;
  const size_t targets_;
  size_t target_ = 0;
  int patch_ = 0;  // of the target, from 1; 0: between targets
  int most_patches_ = kLookPolicy.default_patches;
  bool cached_ = false;  // the target's last patch was
  std::array<absl::Duration, kStages> times_{}, patch_times_{};
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SEGMENT_REQUEST_PROGRESS_H_
