// The models that a command line can name, and the types in which it can have their tensors stored.
#ifndef SGPSAM_TOOLS_COMMANDS_MODEL_CHOICE_H_
#define SGPSAM_TOOLS_COMMANDS_MODEL_CHOICE_H_

#include <map>
#include <string>

#include "CLI/CLI.hpp"
#include "core/model_file/model_config.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam::tools {

struct ModelChoice {
  std::string config = "vit_b_ori";
  bool no_sgpm = false;

  // --config and --no-sgpm, which say nothing of a model from a file: not together with `file`.
  void AddOptions(CLI::App& command, CLI::Option* file = nullptr);
  ModelConfig Get() const;
};

// fp32, fp16, bf16.
const std::map<std::string, TensorType>& StoredTypes();

}  // namespace sgpsam::tools

#endif  // SGPSAM_TOOLS_COMMANDS_MODEL_CHOICE_H_
