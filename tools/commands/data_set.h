// A folder of cases as a command line names it: FOLDER:key=value,key=value. For `train` and `evaluate`.
#ifndef SGPSAM_TOOLS_COMMANDS_DATA_SET_H_
#define SGPSAM_TOOLS_COMMANDS_DATA_SET_H_

#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/learn/cases/dataset_folder.h"

namespace sgpsam::tools {

struct DataSet {
  std::string folder;
  std::string name;  // in what is reported; no two sets of a command have the same
  double weight = 1;
  DatasetOptions options;
};

// "real/ct:weight=2,modality=CT,label=1". Keys are name, weight, modality, label and channel; what it does
// not say of label, channel and modality is taken from `otherwise`, its name from the folder's. What has no
// "=" after its last ":" is a folder as a whole. INVALID_ARGUMENT says what is wrong with `text`.
absl::StatusOr<DataSet> ParseDataSet(absl::string_view text, const DatasetOptions& otherwise);

// All of them; INVALID_ARGUMENT, too, for two sets of one name.
absl::StatusOr<std::vector<DataSet>> ParseDataSets(const std::vector<std::string>& texts,
                                                   const DatasetOptions& otherwise);

// --data, any number of times, and --label, --channel and --modality,
// which hold for every set that does not say its own. Returns --data.
CLI::Option* AddDataOptions(CLI::App& command, std::vector<std::string>& texts, DatasetOptions& otherwise);

}  // namespace sgpsam::tools

#endif  // SGPSAM_TOOLS_COMMANDS_DATA_SET_H_
