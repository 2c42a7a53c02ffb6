#include "tools/commands/model_choice.h"

namespace sgpsam::tools {

void ModelChoice::AddOptions(CLI::App& command, CLI::Option* file) {
  CLI::Option* named =
      command
          .add_option(
              "--config", config,
              "vit_b_ori (SAM-Med3D, 402 MB), demo (patches of 48 voxels, a few million parameters) or "
              "tiny (for tests)")
          ->check(CLI::IsMember({"vit_b_ori", "demo", "tiny"}))
          ->capture_default_str();
  CLI::Option* plain =
      command.add_flag("--no-sgpm", no_sgpm, "Plain SAM-Med3D, without self-gated prompting modules");
  if (file == nullptr) return;
  named->excludes(file);
  plain->excludes(file);
}

ModelConfig ModelChoice::Get() const {
  ModelConfig model = config == "tiny"   ? ModelConfig::Tiny()
                      : config == "demo" ? ModelConfig::Demo()
                                         : ModelConfig();
  if (no_sgpm) model.sgpm.blocks.clear();
  return model;
}

const std::map<std::string, TensorType>& StoredTypes() {
  static const auto* const types = new std::map<std::string, TensorType>{
      {"fp32", TensorType::kFloat32}, {"fp16", TensorType::kFloat16}, {"bf16", TensorType::kBfloat16}};
  return *types;
}

}  // namespace sgpsam::tools
