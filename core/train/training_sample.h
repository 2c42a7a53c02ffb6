// One target of one case, cut out as the model sees it: patch, truth and the first click. The patch is made
// by the very functions that a server uses, so that training and serving see the same. No LibTorch.
#ifndef SGPSAM_CORE_TRAIN_TRAINING_SAMPLE_H_
#define SGPSAM_CORE_TRAIN_TRAINING_SAMPLE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/random.h"
#include "core/cases/case.h"
#include "core/engine/engine.h"
#include "core/volume/mask.h"

namespace sgpsam {

// A case whose targets can be clicked without searching its volume. Immutable; safe to share.
class ClickableCase {
 public:
  explicit ClickableCase(Case source);

  const Case& source() const { return source_; }
  // Voxels of a target (1 to target_count), evenly picked if there are more than kMostVoxels.
  const std::vector<uint64_t>& voxels(int64_t target) const { return voxels_[target - 1]; }
  size_t bytes() const;

 private:
  static constexpr size_t kMostVoxels = 4096;

  Case source_;
  std::vector<std::vector<uint64_t>> voxels_;
};

struct SampleOptions {
  double min_spacing_mm = 1.5, max_spacing_mm = 1.5;  // of the patch, drawn evenly in its logarithm
  int64_t jitter = 0;      // the patch's centre lies up to so many voxels from the click, on each axis
  int64_t min_voxels = 8;  // of the truth in the patch: fewer teach nothing
};

struct TrainingSample {
  Patch patch;
  Mask truth;   // on the patch's grid
  Click click;  // positive, inside the truth
};

// A random target of the case, a random click inside it and the patch around that. NOT_FOUND if a few
// attempts find no target of which enough voxels lie in the patch; else PreparePatch's errors.
absl::StatusOr<TrainingSample> DrawSample(const ClickableCase& from, const SampleOptions& options,
                                          int64_t patch, Random& random);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRAIN_TRAINING_SAMPLE_H_
