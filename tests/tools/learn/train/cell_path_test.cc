#include "tools/learn/train/cell_path.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "core/model/load_weights.h"
#include "gtest/gtest.h"
#include "tools/learn/train/fresh_model.h"

namespace sgpsam {
namespace {

ModelConfig WideConfig() {
  ModelConfig config = ModelConfig::Demo();
  config.sgpm.blocks.clear();
  return config;
}

at::Tensor Embed(const TensorFile& file, const ModelConfig& config, const at::Tensor& patch) {
  const SgpSam model = LoadSgpSam(file, config, at::kCPU, Precision::kFloat32).value();
  return Encode(model.image_encoder, patch).embedding[0];
}

// The only cell that differs between two patches is found in its own channel of its own token.
TEST(CellPath, LeadsFromACellOfThePatchToAChannelOfItsToken) {
  const c10::InferenceMode inference_mode;
  const ModelConfig config = WideConfig();
  const TensorFile file = FreshModel(config, 1);
  at::Tensor patch = at::sin(at::arange(48 * 48 * 48).to(at::kFloat)).view({1, 1, 48, 48, 48});
  const at::Tensor before = Embed(file, config, patch);
  // Voxels 18 19, 26 27, 38 39 are cells 9, 13, 19: token (2, 3, 4), in it cell (1, 1, 3).
  patch.narrow(2, 18, 2).narrow(3, 26, 2).narrow(4, 38, 2).add_(1);
  const at::Tensor change = (Embed(file, config, patch) - before).abs();
  const int64_t place = change.argmax().item<int64_t>(), tokens = 6 * 6 * 6;
  EXPECT_EQ(place / tokens, (1 * 4 + 1) * 4 + 3);
  EXPECT_EQ(place % tokens, (2 * 6 + 3) * 6 + 4);
}

TEST(CellPath, LeavesNarrowModelsAsTheyAre) {
  ModelConfig config = WideConfig();
  config.embed_dim = 96;
  config.heads = 8;
  TensorFile file = FreshModel(config, 1);
  const auto before = file.tensors.at("image_encoder.neck.2.weight").bytes;
  LayCellPath(config, file);
  EXPECT_EQ(file.tensors.at("image_encoder.neck.2.weight").bytes, before);
}

}  // namespace
}  // namespace sgpsam
