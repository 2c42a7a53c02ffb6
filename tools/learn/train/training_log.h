// What a training says of itself: OUT.csv with a line for each step, and for each set of each validation
// (tools/plot_training.py draws it), and a line for people. One thread at a time.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_LOG_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_LOG_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/learn/train/training.h"

namespace sgpsam {

class TrainingLog {
 public:
  // Goes on in OUT.csv, of which only the lines up to `steps_done` are kept: later ones were not saved with
  // the state. INVALID_ARGUMENT, naming the file and the line, for what is no training's log.
  static absl::StatusOr<TrainingLog> Open(const std::string& out, int64_t steps_done);

  void AddStep(const StepReport& report) { steps_.push_back(report); }
  // On patches of a set, as a step is measured.
  void AddValidation(const std::string& set, const StepReport& report) {
    validations_.push_back({kPatches, set, report});
  }
  // On whole lesions of a set, as they are served: Dice after each of kScoredClicks.
  void AddLesions(const std::string& set, int64_t step, std::vector<double> dice) {
    StepReport report;
    report.step = step;
    report.dice = std::move(dice);
    validations_.push_back({kLesions, set, std::move(report)});
  }

  // The file whole and atomically.
  absl::Status Write() const;

  // "step 120/4000  loss 0.412  dice 0.71 0.78 0.80  …  3.2 s/step  left 41m"; means over the last steps.
  std::string ProgressLine(int64_t steps, absl::Duration each) const;

 private:
  explicit TrainingLog(std::string out) : out_(std::move(out)) {}
  absl::Status Parse(absl::string_view line, int64_t steps_done);

  static constexpr char kPatches[] = "validation", kLesions[] = "lesions";  // kinds of lines
  struct Validation {
    std::string kind, set;
    StepReport report;
  };
  // " validation dice 0.71 0.78": the last one of its kind, mean over the sets.
  std::string LastOf(const std::string& kind) const;

  std::string out_;
  std::vector<StepReport> steps_;
  std::vector<Validation> validations_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_LOG_H_
