// How long each stage took lately: what a waiting caller is told about its result. Thread-safe.
#ifndef SGPSAM_CORE_PIPELINE_STAGE_ESTIMATES_H_
#define SGPSAM_CORE_PIPELINE_STAGE_ESTIMATES_H_

#include <array>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/metrics/metrics.h"

namespace sgpsam {

class StageEstimates {
 public:
  void Observe(Stage stage, absl::Duration duration) {
    absl::MutexLock lock(&mutex_);
    absl::Duration& mean = means_[static_cast<size_t>(stage)];
    mean = seen_[static_cast<size_t>(stage)] ? mean + kWeight * (duration - mean) : duration;
    seen_[static_cast<size_t>(stage)] = true;
  }

  // From the start of `stage` to the end of the last one before sending, with `targets` still to be
  // segmented, this one included. Zero while no mask has been made yet.
  absl::Duration Remaining(Stage stage, size_t targets) const {
    absl::MutexLock lock(&mutex_);
    if (!seen_[static_cast<size_t>(Stage::kPromptMask)]) return absl::ZeroDuration();
    absl::Duration sum;
    for (size_t s = static_cast<size_t>(stage); s <= static_cast<size_t>(Stage::kWrite); ++s)
      sum += means_[s];
    if (targets > 1) sum += static_cast<double>(targets - 1) * OneTarget();
    return sum;
  }

 private:
  static constexpr double kWeight = 0.2;  // of the newest observation

  absl::Duration OneTarget() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    absl::Duration sum;
    for (size_t s = static_cast<size_t>(Stage::kPrepare); s <= static_cast<size_t>(Stage::kRestore); ++s) {
      sum += means_[s];
    }
    return sum;
  }

  mutable absl::Mutex mutex_;
  std::array<absl::Duration, kStages> means_ ABSL_GUARDED_BY(mutex_){};
  std::array<bool, kStages> seen_ ABSL_GUARDED_BY(mutex_){};
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_PIPELINE_STAGE_ESTIMATES_H_
