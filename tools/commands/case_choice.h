// The cases that a command line can name: a folder, or the generator.
#ifndef SGPSAM_TOOLS_COMMANDS_CASE_CHOICE_H_
#define SGPSAM_TOOLS_COMMANDS_CASE_CHOICE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "tools/learn/cases/case.h"

namespace sgpsam::tools {

struct TrainingCases {
  std::unique_ptr<CaseSource> training, validation;
};

struct CaseChoice {
  std::string folder, label, channel, content = "lesions";
  int64_t generated = 0, validation_cases = 16, fold = 0;
  uint32_t generated_seed = 0;
  double validation_fraction = 0.2;

  // --data and what belongs to it, --generated and what belongs to that.
  void AddOptions(CLI::App& command);
  // INVALID_ARGUMENT unless exactly one of both was named; the folder's errors.
  absl::StatusOr<TrainingCases> Open() const;
  // What a training's state remembers of it.
  std::string Describe() const;
};

}  // namespace sgpsam::tools

#endif  // SGPSAM_TOOLS_COMMANDS_CASE_CHOICE_H_
