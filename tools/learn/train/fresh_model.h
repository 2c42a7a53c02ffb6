// Weights to begin a training with: a whole model from nothing, or modules for a trained one. Pure functions
// of configuration and seed; no LibTorch.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_FRESH_MODEL_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_FRESH_MODEL_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "core/engine/engine.h"
#include "core/model_file/model_config.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

// The seeded model (seeded_weights.h) with what makes it a good beginning instead of a hard test: no biases
// but those of the gates, norms that change nothing, no relative positions, small absolute ones, and branches
// of the encoder that add little to the residual sum (by 1 / sqrt(2 depth), as GPT-2 begins). The frequencies
// of positions come in pairs that the exchange of their first two axes turns into each other.
TensorFile FreshModel(const ModelConfig& config, uint64_t seed);

struct FreshModules {
  std::vector<int> blocks;    // after which encoder blocks
  int detail_channels = 0;    // 0: without a detail branch
  bool spatial_gate = false;  // whether each token is weighted, too
};

// Adds modules to a model that has none, which changes nothing that it computes. INVALID_ARGUMENT for a file
// that is no model, that has modules, or that lacks one of the blocks.
absl::Status AddFreshModules(const FreshModules& modules, uint64_t seed, TensorFile& file);

// Adds a mask refiner to a model (of float32 tensors) that has none, which changes nothing that it computes.
// INVALID_ARGUMENT for a file that is no model, or that has one.
absl::Status AddFreshRefiner(int channels, uint64_t seed, TensorFile& file);

// Sets a model's scalings of intensities. One that read the reference's z-scores (float32 tensors) reads the
// first window as it read those: exactly, up to the place of the mean, where that window is as many standard
// deviations wide as the model's input limit; of further windows it reads nothing yet. INVALID_ARGUMENT for a
// file that is no model, for scalings that are not valid,
// and where another number of windows would have to become one.
absl::Status SetIntensities(const std::vector<IntensityScaling>& scalings, TensorFile& file);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_FRESH_MODEL_H_
