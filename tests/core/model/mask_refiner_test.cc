#include "core/model/mask_refiner.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "core/model/load_weights.h"
#include "gtest/gtest.h"
#include "tests/core/model/model_fixture.h"
#include "tests/support/small_model.h"

namespace sgpsam {
namespace {

constexpr int64_t kSide = 16;  // of the logits of SmallConfig

ModelConfig Refined(int detail_channels) {
  ModelConfig config = SmallConfig();
  config.sgpm.detail_channels = detail_channels;
  config.refiner_channels = 8;
  return config;
}

// What the seeded tensors are, but for the last projection, which is zero there.
TensorFile Weights(const ModelConfig& config, bool fresh = false) {
  TensorFile file = SmallModel(config);
  if (fresh) return file;
  NamedTensor& out = file.tensors.at("mask_refiner.out.weight");
  const std::vector<float> values = SeededValues("refiner", config.refiner_channels, 5, 0, 1);
  std::memcpy(out.bytes.data(), values.data(), out.bytes.size());
  return file;
}

at::Tensor Decode(const TensorFile& file, const ModelConfig& config, const Prompt& prompt) {
  const c10::InferenceMode inference_mode;
  const SgpSam model = MustLoad(file, config);
  const Encoded encoded = Encode(model.image_encoder, MakePatch(1, 16));
  return DecodePrompts(model, {encoded.embedding, encoded.detail}, {prompt}).low_res;
}

Prompt TwoClicks() {
  Prompt prompt;
  prompt.clicks = {{5, 6, 7, true}, {12, 3, 9, false}};
  prompt.mask = MaskPrompt::kLogits;
  prompt.logits = at::sin(at::arange(kSide * kSide * kSide).to(at::kFloat)).view({kSide, kSide, kSide}) * 3;
  return prompt;
}

TEST(MaskRefiner, ChangesNothingWhileItIsFresh) {
  ModelConfig plain = SmallConfig();
  const at::Tensor with = Decode(Weights(Refined(0), /*fresh=*/true), Refined(0), TwoClicks());
  EXPECT_TRUE(at::equal(with, Decode(SmallModel(plain), plain, TwoClicks())));
}

// The formula of the header, cell by cell, in double.
at::Tensor Slowly(const TensorFile& file, const ModelConfig& config, const at::Tensor& logits,
                  const at::Tensor& upscaled, const at::Tensor& detail, const Prompt& prompt) {
  const auto get = [&](const std::string& name) {
    return TensorsOf(file)("mask_refiner." + name).to(at::kDouble);
  };
  at::Tensor maps = at::zeros({6, kSide, kSide, kSide}, at::kDouble);
  for (int64_t i = 0; i < kSide; ++i) {
    for (int64_t j = 0; j < kSide; ++j) {
      for (int64_t k = 0; k < kSide; ++k) {
        for (const Click& click : prompt.clicks) {
          // A cell is a voxel here, so both have their middle at the same place.
          const double d2 = std::pow(i - click.i, 2) + std::pow(j - click.j, 2) + std::pow(k - click.k, 2);
          const int64_t first = click.positive ? 0 : 2;
          const auto raise = [&](int64_t map, double to) {
            maps[map][i][j][k] = std::max(to, maps[map][i][j][k].item<double>());
          };
          raise(first, std::exp(-d2 / 2));
          raise(first + 1, std::exp(-d2 / 32));
        }
      }
    }
  }
  maps[4] = at::tanh(prompt.logits.to(at::kDouble) / 4);
  maps[5] = at::tanh(logits[0][0].to(at::kDouble) / 4);
  at::Tensor x = at::conv3d(maps.unsqueeze(0), get("maps.weight").view({-1, 6, 1, 1, 1}), get("maps.bias"));
  x = x +
      at::conv3d(upscaled.to(at::kDouble), get("upscaled.weight").unsqueeze(-1).unsqueeze(-1).unsqueeze(-1));
  if (detail.defined()) {
    x = x + at::conv3d(at::gelu(detail.to(at::kDouble)),
                       get("detail.weight").unsqueeze(-1).unsqueeze(-1).unsqueeze(-1));
  }
  for (const int64_t n : {1, 2, 4}) {
    const std::string name = "mix" + std::to_string(n);
    x = x +
        at::conv3d(at::gelu(x), get(name + ".weight"), get(name + ".bias"), {1, 1, 1}, {n, n, n}, {n, n, n});
  }
  const at::Tensor correction =
      at::conv3d(at::gelu(x), get("out.weight").view({1, config.refiner_channels, 1, 1, 1}), get("out.bias"));
  return logits.to(at::kDouble) + correction;
}

TEST(MaskRefiner, IsItsFormula) {
  const c10::InferenceMode inference_mode;
  for (const int detail_channels : {0, 4}) {
    const ModelConfig config = Refined(detail_channels);
    const TensorFile file = Weights(config);
    const SgpSam model = MustLoad(file, config);
    const Encoded encoded = Encode(model.image_encoder, MakePatch(1, 16));
    const Prompt prompt = TwoClicks();
    SgpSam unrefined = model;
    unrefined.mask_refiner.reset();
    const Decoded base = DecodePrompts(unrefined, {encoded.embedding, encoded.detail}, {prompt});
    const at::Tensor expected =
        Slowly(file, config, base.low_res, ToVolumes(base.upscaled, kSide / 4), encoded.detail, prompt);
    const at::Tensor refined = DecodePrompts(model, {encoded.embedding, encoded.detail}, {prompt}).low_res;
    EXPECT_GT(MaxDifference(base.low_res, refined), 0.1) << "the refiner does nothing here";
    EXPECT_LT(MaxDifference(expected, refined), 1e-4 * (1 + expected.abs().max().item<double>()));
  }
}

TEST(MaskRefiner, SeesWhereAClickLies) {
  const ModelConfig config = Refined(0);
  const TensorFile file = Weights(config);
  Prompt prompt = TwoClicks();
  const at::Tensor before = Decode(file, config, prompt);
  prompt.clicks[1] = {12, 12, 9, false};
  const at::Tensor moved = (Decode(file, config, prompt) - before).abs()[0][0];
  EXPECT_GT(moved[12][12][9].item<float>(), moved.mean().item<float>());
}

// As LoadSgpSam assembles it from a file, and training from parameters.
TEST(MaskRefiner, TakesPreviousLogitsOfSomePromptsAlone) {
  const c10::InferenceMode inference_mode;
  const ModelConfig config = Refined(4);
  const SgpSam model = MustLoad(Weights(config), config);
  const Encoded encoded = Encode(model.image_encoder, MakePatch(1, 16));
  const ImageFeatures two = {encoded.embedding.repeat({2, 1, 1, 1, 1}),
                             encoded.detail.repeat({2, 1, 1, 1, 1})};
  Prompt without = TwoClicks();
  without.mask = MaskPrompt::kZero;
  without.logits = at::Tensor();
  const at::Tensor both = DecodePrompts(model, two, {TwoClicks(), without}).low_res;
  const ImageFeatures one = {encoded.embedding, encoded.detail};
  EXPECT_LT(MaxDifference(both[0], DecodePrompts(model, one, {TwoClicks()}).low_res[0]), 1e-4);
  EXPECT_LT(MaxDifference(both[1], DecodePrompts(model, one, {without}).low_res[0]), 1e-4);
}

}  // namespace
}  // namespace sgpsam
