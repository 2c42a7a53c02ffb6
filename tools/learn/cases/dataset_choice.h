// Which label and which channel of a data set is meant, by name or by number. Pure functions.
#ifndef SGPSAM_TOOLS_LEARN_CASES_DATASET_CHOICE_H_
#define SGPSAM_TOOLS_LEARN_CASES_DATASET_CHOICE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/learn/cases/dataset_json.h"

namespace sgpsam {

// The label that is asked for by its name or one of its values ("cancer", "2"); with an empty choice, the
// only one besides the background. INVALID_ARGUMENT lists the labels there are.
absl::StatusOr<DatasetLabel> ChooseLabel(const DatasetJson& dataset, absl::string_view choice);

// The number of the channel that is asked for by its name or number; with an empty choice, the only one.
// INVALID_ARGUMENT lists the channels there are.
absl::StatusOr<int64_t> ChooseChannel(const DatasetJson& dataset, absl::string_view choice);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_DATASET_CHOICE_H_
