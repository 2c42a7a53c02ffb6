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
  std::string model, out, name, version = "1", loss = "zoom", gate = "self", precision = "float32",
                                store = "fp32";
  ModelChoice fresh;
  std::vector<std::string> parts{"sgpm", "mask_decoder"};
  std::vector<double> spacing;  // two, or none: the model's
  std::vector<double> fill;     // two, or none: by spacing alone
  FreshModules modules;
  CaseChoice cases;
  TrainingOptions training;
  std::optional<double> focal_weight, map_weight, first_spacing_mm;
  std::optional<int64_t> gate_warm_up;
  std::string device = "auto";
  int threads = 0;
  int64_t save_every = 200, validate_every = 200, validation_samples = 64, validate_lesions = 8;
  double memory_gib = 8;

  void AddTo(CLI::App& command);
  // `training` with what other flags say of it, and, where no flag does, the model that is trained: its
  // spacings, and whether it makes a detail map. `fresh_gates`: its gates have learned nothing yet.
  // The device is chosen by who runs it.
  TrainingOptions Complete(const ModelConfig& model, bool fresh_gates) const;
  // What the trained model is called: --name, else the file's name without its ending.
  std::string ModelName() const;
};

}  // namespace sgpsam::tools

#endif  // SGPSAM_TOOLS_COMMANDS_TRAIN_OPTIONS_H_
