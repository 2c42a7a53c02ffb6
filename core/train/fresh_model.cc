#include "core/train/fresh_model.h"

#include <cmath>

#include "absl/strings/match.h"
#include "core/base/status_macros.h"
#include "core/model/check_tensors.h"
#include "core/model/seeded_weights.h"

namespace sgpsam {
namespace {

constexpr double kPositionAmplitude = 0.04;

bool IsResidualBranch(const std::string& name) {
  return absl::StartsWith(name, "image_encoder.blocks.") &&
         (absl::EndsWith(name, ".attn.proj.weight") || absl::EndsWith(name, ".mlp.lin2.weight"));
}

TensorSpec Soften(TensorSpec spec, int depth) {
  const bool norm =
      spec.shape.size() == 1 && absl::EndsWith(spec.name, ".weight");  // only norms have such weights
  if (absl::EndsWith(spec.name, ".bias") || norm) spec.amplitude = 0;  // what they are centred on stays
  if (absl::StrContains(spec.name, ".rel_pos_")) spec.amplitude = 0;
  if (spec.name == "image_encoder.pos_embed") spec.amplitude = kPositionAmplitude;
  if (IsResidualBranch(spec.name)) spec.amplitude /= std::sqrt(2.0 * depth);
  return spec;
}

}  // namespace

TensorFile FreshModel(const ModelConfig& config, uint64_t seed) {
  TensorFile file;
  for (const TensorSpec& spec : TensorTable(config)) {
    file.tensors[spec.name] = SeededTensor(Soften(spec, config.depth), seed);
  }
  file.metadata[kModelConfigKey] = ToJson(config);
  return file;
}

absl::Status AddFreshModules(const std::vector<int>& blocks, int detail_channels, uint64_t seed,
                             TensorFile& file) {
  ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(file));
  if (!config.sgpm.blocks.empty()) {
    return absl::InvalidArgumentError("the model has self-gated prompting modules already; train those");
  }
  config.sgpm.blocks = blocks;
  config.sgpm.detail_channels = detail_channels;
  RETURN_IF_ERROR(ValidateModelConfig(config));
  for (const TensorSpec& spec : TensorTable(config)) {
    if (absl::StartsWith(spec.name, "sgpm.")) {
      file.tensors[spec.name] = SeededTensor(Soften(spec, config.depth), seed);
    }
  }
  file.metadata[kModelConfigKey] = ToJson(config);
  return absl::OkStatus();
}

}  // namespace sgpsam
