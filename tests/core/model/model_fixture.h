// The full-size seeded model and patch of the golden data, made once per test binary, and helpers to look at
// tensors.
#ifndef SGPSAM_TESTS_CORE_MODEL_MODEL_FIXTURE_H_
#define SGPSAM_TESTS_CORE_MODEL_MODEL_FIXTURE_H_

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cstring>
#include <vector>

#include "core/model/load_weights.h"
#include "core/model_file/named_tensors.h"
#include "core/model_file/seeded_weights.h"
#include "gtest/gtest.h"

namespace sgpsam {

// SAM-Med3D's sizes without modules: what the golden data were made with.
inline ModelConfig PlainConfig() {
  ModelConfig config;
  config.sgpm.blocks.clear();
  return config;
}

inline const TensorFile& GoldenWeights() {
  static const TensorFile& file = *new TensorFile(SeededModel(PlainConfig(), /*seed=*/1));
  return file;
}

inline SgpSam MustLoad(const TensorFile& file, const ModelConfig& config,
                       Precision precision = Precision::kFloat32) {
  absl::StatusOr<SgpSam> model = LoadSgpSam(file, config, at::kCPU, precision);
  if (!model.ok()) ADD_FAILURE() << model.status();
  return *std::move(model);
}

inline const SgpSam& GoldenModel() {
  static const SgpSam& model = *new SgpSam(MustLoad(GoldenWeights(), PlainConfig()));
  return model;
}

// The small configuration without modules.
inline ModelConfig PlainTinyConfig() {
  ModelConfig config = ModelConfig::Tiny();
  config.sgpm.blocks.clear();
  return config;
}

// The same with embeddings for the corners of a box.
inline ModelConfig BoxTinyConfig() {
  ModelConfig config = PlainTinyConfig();
  config.point_embeddings = 4;
  return config;
}

// The small configuration on patches of 64 voxels: finer tokens, equally many.
inline ModelConfig Patch64TinyConfig() {
  ModelConfig config = BoxTinyConfig();
  config.patch = 64;
  config.token = 8;
  return config;
}

// [1, 1, side, side, side]
inline at::Tensor MakePatch(uint64_t seed, int64_t side = 128) {
  const std::vector<float> values = SeededPatch(seed, side);
  return at::tensor(values).view({1, 1, side, side, side});
}

// The clicks of the golden data, in order.
inline std::vector<Click> GoldenClicks(size_t count) {
  std::vector<Click> clicks{{70, 58, 61, true}, {83, 58, 61, false}, {64, 52, 70, true}};
  clicks.resize(count);
  return clicks;
}

inline double MaxDifference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_CORE_MODEL_MODEL_FIXTURE_H_
