// How whole lesions fare in the middle of a training, on the very path that serves them: a fixed small sample
// of lesions of each set, clicked five times each. A step's own measure, of patches that lie well around
// their lesion, does not show what following, closer looks and further
// clicks make of a mask. One thread at a time.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_LESION_VALIDATION_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_LESION_VALIDATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/engine/engine.h"
#include "tools/learn/train/case_memory.h"

namespace sgpsam {

struct ValidationSet {
  std::string name;
  const CaseMemory* cases = nullptr;  // outlives whatever holds this
};

struct LesionDice {
  std::string set;
  std::vector<double>
      dice;  // after each of kScoredClicks, mean over the set's lesions; 0 of one without a mask
};

class LesionValidation {
 public:
  // About `lesions` in all, equally many of each set that has cases: one of each case first, cases and
  // lesions drawn by `seed`, crumbs of fewer than 8 voxels left out.
  // Cases that cannot be read are passed over.
  LesionValidation(std::vector<ValidationSet> sets, int64_t lesions, uint64_t seed);

  bool empty() const { return samples_.empty(); }
  // By set. The engine's errors.
  absl::StatusOr<std::vector<LesionDice>> Measure(Engine& engine) const;

  // Which of several states is the best: the mean over the sets of the Dice after one and after five clicks.
  static double Score(const std::vector<LesionDice>& dice);

 private:
  struct Lesion {
    int64_t index = 0, target = 0;
  };
  struct Sample {
    ValidationSet set;
    std::vector<Lesion> lesions;
  };
  static Sample Draw(const ValidationSet& set, int64_t lesions, uint64_t seed);

  std::vector<Sample> samples_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_LESION_VALIDATION_H_
