// How long each stage took lately, and how many patches targets took: what a waiting caller is told about its
// result. Thread-safe.
#ifndef SGPSAM_SERVER_SEGMENT_STAGE_ESTIMATES_H_
#define SGPSAM_SERVER_SEGMENT_STAGE_ESTIMATES_H_

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/stage.h"
#include "core/looks/look_policy.h"

namespace sgpsam {

// How far a request is.
struct Standing {
  Stage stage = Stage::kDecode;  // that begins, or that is waited for
  int patch = 0;                 // of the target, from 1; 0: before its first
  int most_patches = 1;          // that a target may take
  size_t targets = 1;            // still to be segmented, this one included
  bool cached = false;           // this target's patches are encoded already
  size_t ahead = 0;              // patches that have their turn in this stage before
  size_t replicas = 1;           // that share those
};

class StageEstimates {
 public:
  // What a stage took: of a request (decode, write), or of one patch (those between).
  void Observe(Stage stage, absl::Duration duration) {
    absl::MutexLock lock(&mutex_);
    absl::Duration& mean = means_[Index(stage)];
    mean = seen_[Index(stage)] ? mean + kWeight * (duration - mean) : duration;
    seen_[Index(stage)] = true;
  }

  // How many patches a target took, 1 to kLookPolicy.most_patches.
  void ObservePatches(int patches) {
    absl::MutexLock lock(&mutex_);
    for (double& share : shares_) share *= 1 - kWeight;
    shares_[static_cast<size_t>(patches)] += kWeight;
  }

  // From there to the end of the last stage before sending. Zero while no mask has been made yet.
  absl::Duration Remaining(const Standing& at) const {
    absl::MutexLock lock(&mutex_);
    if (!seen_[Index(Stage::kPromptMask)]) return absl::ZeroDuration();
    absl::Duration sum = Mean(Stage::kWrite);
    if (at.stage >= Stage::kWrite) return sum;
    sum += static_cast<double>(at.targets - 1) * ExpectedPatches(1, at.most_patches) *
           FromStage(Stage::kPrepare, false);
    const int patch = std::max(at.patch, 1);
    sum += (ExpectedPatches(patch, at.most_patches) - 1) * FromStage(Stage::kPrepare, at.cached);
    sum += FromStage(std::max(at.stage, Stage::kPrepare), at.cached);
    if (at.stage <= Stage::kDecode) sum += Mean(Stage::kDecode);
    return sum + static_cast<double>(at.ahead) / static_cast<double>(at.replicas) * Mean(at.stage);
  }

 private:
  static constexpr double kWeight = 0.2;  // of the newest observation

  static size_t Index(Stage stage) { return static_cast<size_t>(stage); }

  absl::Duration Mean(Stage stage) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return means_[Index(stage)];
  }

  // What is left of one patch at the start of `stage`. A patch waits before it is encoded; who stands in that
  // queue is told how many are ahead instead.
  absl::Duration FromStage(Stage stage, bool cached) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    absl::Duration sum = Mean(Stage::kRestore);
    if (stage <= Stage::kPromptMask) sum += Mean(Stage::kPromptMask);
    if (stage <= Stage::kEncode && !cached) sum += Mean(Stage::kEncode);
    if (stage <= Stage::kPrepare) sum += Mean(Stage::kPrepare);
    if (stage <= Stage::kPrepare && !cached) sum += Mean(Stage::kQueue);
    return sum;
  }

  // How many patches targets that reached this one took from it on, itself included.
  double ExpectedPatches(int patch, int most) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    double targets = 0, patches = 0;
    for (int count = patch; count <= kLookPolicy.most_patches; ++count) {
      targets += shares_[static_cast<size_t>(count)];
      patches += shares_[static_cast<size_t>(count)] * (std::min(count, most) - patch + 1);
    }
    return targets > 0 ? std::max(1.0, patches / targets) : 1;
  }

  mutable absl::Mutex mutex_;
  std::array<absl::Duration, kStages> means_ ABSL_GUARDED_BY(mutex_){};
  std::array<bool, kStages> seen_ ABSL_GUARDED_BY(mutex_){};
  // Of targets, by their patches.
  std::array<double, kLookPolicy.most_patches + 1> shares_ ABSL_GUARDED_BY(mutex_){};
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SEGMENT_STAGE_ESTIMATES_H_
