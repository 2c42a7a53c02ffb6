// One case, segmented as a server would and clicked as a reader would, and what the masks are worth. One
// engine, one thread at a time.
#ifndef SGPSAM_TOOLS_TRAINING_EVALUATE_CASE_H_
#define SGPSAM_TOOLS_TRAINING_EVALUATE_CASE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/cases/case.h"
#include "core/engine/engine.h"
#include "core/evaluation/click_simulator.h"
#include "core/evaluation/evaluation_report.h"
#include "core/pipeline/target_segmenter.h"

namespace sgpsam {

struct EvaluateOptions {
  ClickStrategy clicks = ClickStrategy::kCentre;
  uint64_t seed = 0;  // of random clicks
  TargetOptions target;
};

// Every target of the case: the first click in it, each next one in what is still wrong, with the logits of
// the call before, up to the last of kScoredClicks. A target whose mask needs no further click keeps its
// scores. A click that is refused, as beyond what the patches see or where there is nothing to see, leaves
// the mask as it is: empty at first.
absl::StatusOr<std::vector<LesionScores>> EvaluateCase(const Case& source, Engine& engine,
                                                       const EvaluateOptions& options);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_TRAINING_EVALUATE_CASE_H_
