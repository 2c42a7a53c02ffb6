// Whatever a model answers, the mask does as its prompts say: with logits at random.
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "core/looks/target_segmenter.h"
#include "tests/support/random_prompts.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

// Patches of 32 voxels in 16 cells; each decode answers with blobs and noise of its own.
class RandomModel : public PatchModel {
 public:
  explicit RandomModel(uint32_t seed) : random_(seed) {
    info_.sizes = {.patch = 32, .embedding_channels = 1, .embedding_side = 2, .logits_side = 16};
    info_.box_corner_embeddings = seed % 2 == 0 ? 0 : 2;
    info_.finest_spacing_mm = seed % 3 == 0 ? 0.6 : 0;
  }
  const ModelInfo& info() const override { return info_; }
  absl::StatusOr<EmbeddedPatch> Embed(const Placement&) override {
    return EmbeddedPatch{std::make_shared<const Embedding>(), false};
  }
  absl::StatusOr<MaskLogits> Decode(DecodeInput input) override {
    EXPECT_LE(input.clicks.size(), static_cast<size_t>(kMaxClicks));
    std::normal_distribution<float> noise(-1, 2);
    MaskLogits logits;
    for (int64_t n = 0; n < info_.sizes.logits_floats(); ++n) logits.values.push_back(noise(random_));
    return logits;
  }

 private:
  std::mt19937 random_;
  ModelInfo info_;
};

TEST(ObeyedPrompts, AreObeyedWhateverAModelAnswers) {
  // Oblique, with slices of another thickness.
  const Geometry geometry = SteppedGeometry({60, 50, 30}, {{{-0.9, 0.3, 0}, {0.3, 0.9, 0}, {0, 0, 2.5}}});
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const Prompts prompts = RandomPrompts(random, {30, 25, 15}, 8);
    RandomModel model(seed);
    const auto found = SegmentTarget(geometry, prompts, {}, model);
    ASSERT_TRUE(found.ok()) << found.status();
    ExpectObeyed(found->mask, prompts);
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace sgpsam
