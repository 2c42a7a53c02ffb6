#include "server/segment/request_progress.h"

#include <algorithm>

namespace sgpsam {

void RequestProgress::Took(Stage stage, absl::Duration duration) {
  observers_.metrics.ObserveStage(stage, duration);
  times_[static_cast<size_t>(stage)] += duration;
  if (stage == Stage::kDecode || stage == Stage::kWrite) {
    observers_.estimates.Observe(stage, duration);
  } else {
    patch_times_[static_cast<size_t>(stage)] += duration;
  }
}

void RequestProgress::BeginPatch(int patch, int most) {
  EndPatch();
  patch_ = patch;
  most_patches_ = most;
}

void RequestProgress::EndPatches() {
  EndPatch();
  observers_.estimates.ObservePatches(std::max(patch_, 1));
  patch_ = 0;
  cached_ = false;
}

QueueObserver RequestProgress::WaitingFor(Stage stage) const {
  return [this, stage](size_t position) { Announce(position == 0 ? stage : Stage::kQueue, stage, position); };
}

void RequestProgress::Announce(Stage stage, Stage next, size_t ahead) const {
  if (!sink_) return;
  const Standing at{next, patch_, most_patches_, targets_ - target_, cached_, ahead, observers_.replicas};
  sink_({stage, target_, patch_, patch_ == 0 ? 0 : most_patches_, ahead, observers_.estimates.Remaining(at)});
}

void RequestProgress::EndPatch() {
  for (int s = 0; s < kStages; ++s) {
    absl::Duration& took = patch_times_[static_cast<size_t>(s)];
    if (took > absl::ZeroDuration()) observers_.estimates.Observe(static_cast<Stage>(s), took);
    took = absl::ZeroDuration();
  }
}

}  // namespace sgpsam
