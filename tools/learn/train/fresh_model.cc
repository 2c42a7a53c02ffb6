#include "tools/learn/train/fresh_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/status_macros.h"
#include "core/model_file/check_tensors.h"
#include "core/model_file/seeded_weights.h"
#include "core/model_file/tensor_table.h"
#include "tools/learn/train/cell_path.h"

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
  // A mask of zeros, which every first click comes with, becomes these biases and then goes through a norm:
  // of nothing but zeros, that would have no direction and gradients a thousand times too long.
  const bool mask_bias = absl::StartsWith(spec.name, "prompt_encoder.mask_downscaling.") && !norm;
  if ((absl::EndsWith(spec.name, ".bias") && !mask_bias) || norm) spec.amplitude = 0;
  if (absl::StrContains(spec.name, ".rel_pos_")) spec.amplitude = 0;
  if (spec.name == "image_encoder.pos_embed") spec.amplitude = kPositionAmplitude;
  if (IsResidualBranch(spec.name)) spec.amplitude /= std::sqrt(2.0 * depth);
  return spec;
}

// The reference gives positions of points and of tokens with their first two axes exchanged. A matrix that
// holds each of its frequencies so exchanged as well makes one out of the other by a permutation of channels,
// which is easily learned; of any other matrix, a small model does not find out where a click is.
void PairFrequencies(TensorFile& file) {
  NamedTensor& matrix = file.tensors.at("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix");
  auto* const values = reinterpret_cast<float*>(matrix.bytes.data());
  const int64_t columns = matrix.shape[1], half = columns / 2;
  constexpr int64_t kExchanged[] = {1, 0, 2};
  for (int64_t row = 0; row < 3; ++row) {
    std::copy_n(values + kExchanged[row] * columns, half, values + row * columns + half);
  }
}

// A kernel [out, 1, k, k, k] that reads one channel -> [out, channels, k, k, k],
// which reads `gain` times the first.
void ReadFirstChannel(int64_t channels, float gain, NamedTensor& kernel) {
  const int64_t out = kernel.shape[0], taps = kernel.shape[2] * kernel.shape[3] * kernel.shape[4];
  std::vector<float> values(static_cast<size_t>(out * channels * taps));
  const auto* from = reinterpret_cast<const float*>(kernel.bytes.data());
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t t = 0; t < taps; ++t) values[o * channels * taps + t] = gain * from[o * taps + t];
  }
  kernel.shape[1] = channels;
  kernel.bytes.resize(values.size() * sizeof(float));
  std::memcpy(kernel.bytes.data(), values.data(), kernel.bytes.size());
}

}  // namespace

TensorFile FreshModel(const ModelConfig& config, uint64_t seed) {
  TensorFile file;
  for (const TensorSpec& spec : TensorTable(config)) {
    file.tensors[spec.name] = SeededTensor(Soften(spec, config.depth), seed);
  }
  PairFrequencies(file);
  LayCellPath(config, file);
  LayDetailPath(config, file);
  file.metadata[kModelConfigKey] = ToJson(config);
  return file;
}

absl::Status AddFreshModules(const FreshModules& modules, uint64_t seed, TensorFile& file) {
  ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(file));
  if (!config.sgpm.blocks.empty()) {
    return absl::InvalidArgumentError("the model has self-gated prompting modules already; train those");
  }
  config.sgpm.blocks = modules.blocks;
  config.sgpm.detail_channels = modules.detail_channels;
  config.sgpm.spatial_gate = modules.spatial_gate;
  RETURN_IF_ERROR(ValidateModelConfig(config));
  for (const TensorSpec& spec : TensorTable(config)) {
    if (absl::StartsWith(spec.name, "sgpm.")) {
      file.tensors[spec.name] = SeededTensor(Soften(spec, config.depth), seed);
    }
  }
  LayDetailPath(config, file);
  file.metadata[kModelConfigKey] = ToJson(config);
  return absl::OkStatus();
}

absl::Status AddFreshRefiner(int channels, uint64_t seed, TensorFile& file) {
  ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(file));
  if (config.refiner_channels > 0) return absl::InvalidArgumentError("the model has a mask refiner already");
  config.refiner_channels = channels;
  RETURN_IF_ERROR(ValidateModelConfig(config));
  for (const TensorSpec& spec : TensorTable(config)) {
    if (absl::StartsWith(spec.name, "mask_refiner.")) {
      file.tensors[spec.name] = SeededTensor(Soften(spec, config.depth), seed);
    }
  }
  file.metadata[kModelConfigKey] = ToJson(config);
  return absl::OkStatus();
}

absl::Status SetIntensities(const std::vector<IntensityScaling>& scalings, TensorFile& file) {
  ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(file));
  const bool z_scores = config.intensities.empty();
  const int before = config.patch_channels();
  config.intensities = scalings;
  const float gain = config.input_limit > 0 ? config.input_limit : 1;
  if (z_scores) config.input_limit = 0;
  RETURN_IF_ERROR(ValidateModelConfig(config));
  if (!z_scores && config.patch_channels() != before) {
    return absl::InvalidArgumentError("the model reads another number of windows");
  }
  if (z_scores) {
    for (auto& [name, tensor] : file.tensors) {
      if (name == "image_encoder.patch_embed.proj.weight" || absl::EndsWith(name, ".detail.cells.weight")) {
        ReadFirstChannel(config.patch_channels(), gain, tensor);
      }
    }
  }
  file.metadata[kModelConfigKey] = ToJson(config);
  return absl::OkStatus();
}

}  // namespace sgpsam
