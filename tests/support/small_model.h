// A model of the real architecture that encodes and learns in milliseconds: patches of 16 voxels in tokens of
// 4, a padded block and a global one, a module after each. For tests of gradients and of training.
#ifndef SGPSAM_TESTS_SUPPORT_SMALL_MODEL_H_
#define SGPSAM_TESTS_SUPPORT_SMALL_MODEL_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "core/model_file/model_config.h"
#include "core/model_file/named_tensors.h"
#include "core/model_file/seeded_weights.h"

namespace sgpsam {

inline ModelConfig SmallConfig() {
  ModelConfig config;
  config.name = "sgpsam-small";
  config.patch = 16;
  config.token = 4;
  config.embed_dim = 24;
  config.depth = 2;
  config.heads = 2;
  config.mlp_dim = 48;
  config.window = 6;
  config.global_blocks = {1};
  config.out_channels = 24;
  config.decoder_heads = 2;
  config.decoder_mlp_dim = 32;
  config.iou_hidden = 16;
  config.sgpm.blocks = {0, 1};
  config.sgpm.rank = 8;
  config.sgpm.gate_hidden = 4;
  return config;
}

// The seeded model, whose modules have learned something: their last projection is not zero.
inline TensorFile SmallModel(const ModelConfig& config, uint64_t seed = 1) {
  TensorFile file = SeededModel(config, seed);
  const auto learn = [&](const std::string& name) {
    NamedTensor& tensor = file.tensors.at(name);
    tensor = SeededTensor({name, tensor.shape, 0, 0.5}, seed);
  };
  for (const int block : config.sgpm.blocks) {
    for (const char* part : {"weight", "bias"}) learn(absl::StrCat("sgpm.", block, ".up.", part));
  }
  if (config.sizes().detail_channels > 0) learn("sgpm.detail_to_mask.weight");
  return file;
}

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_SMALL_MODEL_H_
