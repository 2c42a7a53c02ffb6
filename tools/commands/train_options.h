// What `train` can be told on its command line.
#ifndef SGPSAM_TOOLS_COMMANDS_TRAIN_OPTIONS_H_
#define SGPSAM_TOOLS_COMMANDS_TRAIN_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "core/engine/engine.h"
#include "tools/commands/case_choice.h"
#include "tools/commands/model_choice.h"
#include "tools/learn/train/fresh_model.h"
#include "tools/learn/train/training_options.h"

namespace sgpsam::tools {

struct TrainOptions {
  std::string model, out, loss = "zoom", gate = "self", precision = "float32", store = "fp32";
  ModelChoice fresh;
  std::vector<std::string> parts{"sgpm", "mask_decoder"};
  std::vector<double> spacing{kUsualSpacingMm, kUsualSpacingMm};
  FreshModules modules;
  CaseChoice cases;
  TrainingOptions training;
  std::optional<double> focal_weight;
  std::optional<int64_t> gate_warm_up;
  double first_spacing_mm = kUsualSpacingMm;
  std::string device = "auto";
  int threads = 0;
  int64_t save_every = 200, validate_every = 200, validation_samples = 64;
  double memory_gib = 8;

  void AddTo(CLI::App& command);
  // `training` with what other flags say of it; the device is chosen by who runs it.
  TrainingOptions Complete() const;
};

}  // namespace sgpsam::tools

#endif  // SGPSAM_TOOLS_COMMANDS_TRAIN_OPTIONS_H_
