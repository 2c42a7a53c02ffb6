// The cases that a command line can name to train on: folders, the generator, or both at once.
#ifndef SGPSAM_TOOLS_COMMANDS_CASE_CHOICE_H_
#define SGPSAM_TOOLS_COMMANDS_CASE_CHOICE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "tools/commands/data_set.h"
#include "tools/learn/cases/case_mix.h"
#include "tools/learn/cases/crop_cache.h"

namespace sgpsam::tools {

// The same sets in the same order; of validation, some may have no case.
struct TrainingCases {
  std::unique_ptr<CaseMix> training, validation;
};

struct CaseChoice {
  std::vector<std::string> data;  // as ParseDataSet takes them
  DatasetOptions otherwise;
  std::string content = "lesions", hold_out, cache;
  int64_t generated = 0, validation_cases = 16, fold = 0;
  uint32_t generated_seed = 0;
  double generated_weight = 1, validation_fraction = 0.2, paint = 0;

  // --data and what belongs to it, --generated and what belongs to that, --hold-out.
  void AddOptions(CLI::App& command);
  // No case of `hold_out` is on either side, and none is on both: cases of one name, which are one patient's,
  // count as one. INVALID_ARGUMENT if nothing was named, if nothing of a set is left to train on, or if no
  // case is called as `hold_out` says; the folders' errors. Says on stderr if some of these names are not
  // there. With a `cache`, folders are trained on by crops with `margin_mm` around each lesion
  // (crop_cache.h); `complain` is told of cases that have none. They are validated on whole.
  absl::StatusOr<TrainingCases> Open(double margin_mm, const CropCache::Complaint& complain) const;
  // What a training's state remembers of it, by option.
  std::map<std::string, std::string> Describe() const;
};

}  // namespace sgpsam::tools

#endif  // SGPSAM_TOOLS_COMMANDS_CASE_CHOICE_H_
