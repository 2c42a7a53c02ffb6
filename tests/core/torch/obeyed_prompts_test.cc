// The masks of the model that ships do as their prompts say.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "core/looks/engine_patch_model.h"
#include "core/looks/target_segmenter.h"
#include "core/torch/torch_engine.h"
#include "tests/support/random_prompts.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

TEST(ShippedModel, ObeysItsPrompts) {
  const std::string file = std::string(SGPSAM_SOURCE_DIR) + "/deploy/models/sgpsam-demo.safetensors";
  const auto engine = TorchEngine::Create(file, {.device = "cpu", .precision = "fp32", .warm_up = false});
  ASSERT_TRUE(engine.ok()) << engine.status();
  // A bright ball of 24 mm in a dim, textured block.
  const Geometry geometry = TestGeometry({80, 80, 40}, {1, 1, 2});
  const Volume volume = TestVolume<int16_t>(geometry, [](int64_t i, int64_t j, int64_t k) {
    const double away = std::hypot(static_cast<double>(i) - 40, static_cast<double>(j) - 40,
                                   2 * (static_cast<double>(k) - 20));
    return 100 + static_cast<double>((i * 7 + j * 13 + k * 29) % 23) + (away < 12 ? 80 : 0);
  });
  EnginePatchModel model(**engine, volume);
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const Prompts prompts = RandomPrompts(random, {40, 40, 20}, 10);
    TargetOptions options;
    options.max_patches = 1;
    options.spacing_mm = 1.5;
    const auto found = SegmentTarget(geometry, prompts, options, model);
    ASSERT_TRUE(found.ok()) << found.status();
    ExpectObeyed(found->mask, prompts);
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace sgpsam
