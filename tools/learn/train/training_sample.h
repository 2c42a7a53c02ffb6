// A patch of one case as the model sees it, around one of its targets, with truths and first clicks. The
// patch is made by the very functions that a server uses, so that training and serving see the same. No
// LibTorch.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_SAMPLE_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_SAMPLE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/random.h"
#include "core/engine/engine.h"
#include "core/transform/intensity_scaling.h"
#include "core/volume/mask.h"
#include "tools/learn/cases/case.h"

namespace sgpsam {

// A case whose targets can be clicked without searching its volume. Immutable; safe to share.
class ClickableCase {
 public:
  explicit ClickableCase(Case source);

  const Case& source() const { return source_; }
  // Voxels of a target (1 to target_count), evenly picked if there are more than kMostVoxels.
  const std::vector<uint64_t>& voxels(int64_t target) const { return voxels_[target - 1]; }
  double diameter_mm(int64_t target) const { return diameters_mm_[target - 1]; }  // of a ball of its volume
  const IntensityMoments& moments() const { return moments_; }                    // of its image
  size_t bytes() const;

  // A target of which there are voxels: one of the sizes that the case has (size_bins.h), each as likely,
  // then a target of that size, each as likely. 0 if there is none.
  int64_t Draw(Random& random) const;

 private:
  static constexpr size_t kMostVoxels = 4096;

  Case source_;
  std::vector<std::vector<uint64_t>> voxels_;
  std::vector<double> diameters_mm_;
  IntensityMoments moments_;
  std::vector<std::vector<int64_t>> by_size_;  // targets; of the bins that have any
};

struct SampleOptions {
  // Of the patch, drawn evenly in its logarithm.
  double min_spacing_mm = kUsualSpacingMm, max_spacing_mm = kUsualSpacingMm;
  // Instead, if most_fill is above 0: the spacing, within those bounds, at which the target's diameter is a
  // share of the patch's side that is drawn evenly in its logarithm.
  double least_fill = 0, most_fill = 0;
  int64_t jitter = 0;  // the patch's centre lies up to this many voxels from the click, on each axis
  // How likely something is known beforehand, as in a patch that follows a lesion or looks at it at another
  // spacing. Then the centre may lie anywhere from which the click is still in the patch.
  double prior = 0;
  GridOrigin grid_origin = GridOrigin::kVolume;
  std::vector<IntensityScaling> intensities{};  // the model's
  double unknown_modality = 0;  // how likely a case is scaled as if nobody had said its modality
  // How likely the windows are laid so that the image's tissue has any tone of the widest one, and its
  // contrasts any strength and sign. Of models that scale by windows.
  double other_tones = 0;
  int64_t min_voxels = 8;  // of a truth in the patch: fewer teach nothing
  // That are asked for in each patch: encoding it is what costs. Where it shows fewer, some are clicked
  // again.
  int targets = 1;
  // Cells on each side of the patch for which TrainingSample::kinds is filled in; 0: not asked for.
  int64_t kind_cells = 0;
};

struct TrainingSample {
  Patch patch;
  struct Target {
    Mask truth;   // on the patch's grid
    Click click;  // positive, inside the truth
  };
  // Of the target in the middle of each cell, 0 where there is none, 1 of a case that does not say; k
  // fastest.
  std::vector<uint8_t> kinds;
  std::vector<Target> targets;  // as many as asked for; the first is the one that the patch was placed around
  bool has_prior = false;       // something is to be known beforehand of the first
};

// A random target of the case, a random click inside it, the patch around that, and further targets in the
// patch, each as likely. NOT_FOUND if a few attempts find no target of which enough voxels lie in the patch;
// else PreparePatch's errors.
absl::StatusOr<TrainingSample> DrawSample(const ClickableCase& from, const SampleOptions& options,
                                          int64_t patch, Random& random);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_SAMPLE_H_
