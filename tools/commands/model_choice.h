// The configurations that a command line can name.
#ifndef SGPSAM_TOOLS_COMMANDS_MODEL_CHOICE_H_
#define SGPSAM_TOOLS_COMMANDS_MODEL_CHOICE_H_

#include <string>

#include "CLI/CLI.hpp"
#include "core/model/model_config.h"

namespace sgpsam::tools {

struct ModelChoice {
  std::string config = "vit_b_ori";
  bool no_sgpm = false;

  // --config and --no-sgpm.
  void AddOptions(CLI::App& command);
  ModelConfig Get() const;
};

}  // namespace sgpsam::tools

#endif  // SGPSAM_TOOLS_COMMANDS_MODEL_CHOICE_H_
