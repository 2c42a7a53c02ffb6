// The loop's body: draw samples, run a step, go backwards, change the parameters. What a step does follows
// from the seed and its number alone, so that a training which was killed goes on from its last state as if
// nothing had happened. On a CUDA device some sums have no order: single voxels, and with them later clicks,
// differ from run to run.
// Called by `sgpsam-model train`; one thread at a time (LibTorch's own aside). LibTorch's exceptions leave as
// Status.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/learn/train/adamw.h"
#include "tools/learn/train/case_memory.h"
#include "tools/learn/train/parameters.h"
#include "tools/learn/train/training_options.h"

namespace sgpsam {

struct StepReport {
  int64_t step = 0;  // how many are done
  double loss = 0, learning_rate = 0, gradient_norm = 0;
  std::vector<double> dice;     // after each click, mean over the step's samples
  std::vector<double> opening;  // by module: how often its gate was open
};

class Training {
 public:
  // `file` holds the first weights; `cases` outlives this. INVALID_ARGUMENT for options or tensors that are
  // not valid together, and if the options leave nothing to train.
  static absl::StatusOr<std::unique_ptr<Training>> Create(const TensorFile& file, const CaseMemory& cases,
                                                          const TrainingOptions& options);

  int64_t steps_done() const { return optimiser_.steps(); }
  const Parameters& parameters() const { return parameters_; }

  // The next step. Cases that cannot be read or hold nothing to click are passed over; if a hundred in a row
  // are for one example, the last one's error. INVALID_ARGUMENT without cases. After an error the step can be
  // tried again.
  absl::StatusOr<StepReport> Step();

  // What Step measures, on other cases and without learning: on `samples` of them, always the same ones, and
  // as many more as fill the last batch. Errors as Step's.
  absl::StatusOr<StepReport> Validate(const CaseMemory& cases, int64_t samples) const;

  // training_state.h; `data` names the cases and the first weights, best as a JSON object.
  absl::Status Save(const std::string& path, const std::string& data);
  absl::Status Restore(const std::string& path, const std::string& data);

 private:
  Training(Parameters parameters, const CaseMemory& cases, const TrainingOptions& options)
      : options_(options),
        cases_(cases),
        parameters_(std::move(parameters)),
        optimiser_(parameters_, options.optimiser) {}

  struct PassResult {
    StepResult step;                    // without its loss tensor
    std::vector<at::Tensor> gradients;  // of parameters().trained(), in that order; undefined: none
  };

  bool GatesWarmUp() const { return steps_done() < options_.gate_warm_up; }
  ModelConfig ConfigNow() const;  // with gates that cannot close while they warm up
  absl::StatusOr<PassResult> RunPass(uint64_t pass) const;
  std::vector<absl::StatusOr<PassResult>> RunPasses() const;
  absl::StatusOr<std::vector<Example>> DrawBatch(const CaseMemory& cases, uint64_t seed, bool augment) const;
  absl::StatusOr<Example> DrawExample(const CaseMemory& cases, Random& random, bool augment) const;
  std::string Recipe(const std::string& data) const;

  const TrainingOptions options_;
  const CaseMemory& cases_;
  Parameters parameters_;
  AdamW optimiser_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_H_
