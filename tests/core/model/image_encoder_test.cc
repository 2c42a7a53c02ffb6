#include "core/model/image_encoder.h"

#include <ATen/ATen.h>

#include "gtest/gtest.h"
#include "tests/core/model/model_fixture.h"
#include "tests/oracle/padded_encoder.h"

namespace sgpsam {
namespace {

void ExpectEqualsPadded(const ModelConfig& config) {
  const c10::InferenceMode inference_mode;
  const TensorFile file = SeededModel(config, /*seed=*/5);
  const at::Tensor patch = MakePatch(2, config.patch);
  const at::Tensor collapsed = Encode(MustLoad(file, config).image_encoder, patch).embedding;
  const at::Tensor padded = PaddedEncoder(file, config).Encode(patch);
  EXPECT_LE(MaxDifference(collapsed, padded), 2e-5);
  EXPECT_GT(padded.abs().max().item<float>(), 1) << "nothing was compared";
}

TEST(ImageEncoder, EqualsThePaddedOneAsTheReferenceWritesIt) { ExpectEqualsPadded(PlainTinyConfig()); }

TEST(ImageEncoder, EqualsThePaddedOneWithOnePaddedIndex) {
  ModelConfig config = PlainTinyConfig();
  config.patch = 64;
  config.window = 5;
  ExpectEqualsPadded(config);
}

TEST(ImageEncoder, EqualsThePaddedOneWhenTheWindowIsTheGrid) {
  ModelConfig config = PlainTinyConfig();
  config.patch = 64;
  config.window = 4;
  ExpectEqualsPadded(config);
}

TEST(ImageEncoder, GivesEachPatchOfABatchWhatItGivesItAlone) {
  const c10::InferenceMode inference_mode;
  const ModelConfig config = ModelConfig::Tiny();
  const SgpSam model = MustLoad(SeededModel(config, 1), config);
  std::vector<at::Tensor> patches;
  for (uint64_t seed = 1; seed <= 4; ++seed) patches.push_back(MakePatch(seed));
  const Encoded together = Encode(model.image_encoder, at::cat(patches));
  for (int64_t n = 0; n < 4; ++n) {
    const Encoded alone = Encode(model.image_encoder, patches[static_cast<size_t>(n)]);
    EXPECT_LE(MaxDifference(together.embedding[n], alone.embedding[0]), 1e-5);
    EXPECT_LE(MaxDifference(together.gate_scores[n], alone.gate_scores[0]), 1e-6);
  }
}

}  // namespace
}  // namespace sgpsam
