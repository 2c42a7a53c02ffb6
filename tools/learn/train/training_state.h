// A training on disk: parameters, the optimiser's moments, how many steps are done, and which options they
// were done with, in one safetensors file. Written under another name and renamed, so that a kill or a full
// disk in the middle leaves the previous one as it was.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_STATE_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_STATE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/learn/train/adamw.h"
#include "tools/learn/train/parameters.h"

namespace sgpsam {

// `recipe` describes what must not change between the runs of one training (options, data, first weights): a
// JSON object, of which "steps" alone may change, or any other text.
absl::Status SaveTrainingState(const Parameters& parameters, AdamW& optimiser, const std::string& recipe,
                               const std::string& path);

// Into parameters and optimiser as they were made for the same recipe. NOT_FOUND if there is no such file;
// FAILED_PRECONDITION, saying what differs, if it belongs to another recipe; INVALID_ARGUMENT if it is
// damaged. On an error nothing has changed.
absl::Status RestoreTrainingState(const std::string& path, const std::string& recipe, Parameters& parameters,
                                  AdamW& optimiser);

// The recipe that a state was saved with. NOT_FOUND if there is no such file,
// INVALID_ARGUMENT if it is no state.
absl::StatusOr<std::string> ReadTrainingRecipe(const std::string& path);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_STATE_H_
