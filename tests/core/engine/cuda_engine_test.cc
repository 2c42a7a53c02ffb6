// The engine on a CUDA device, against the same engine on the processor. Skipped, saying why, where there is
// no such device.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/torch_engine.h"
#include "core/model/seeded_weights.h"
#include "core/transform/restore.h"
#include "gtest/gtest.h"

namespace sgpsam {
namespace {

TorchEngineOptions On(const char* device, const char* precision) {
  TorchEngineOptions options;
  options.device = device;
  options.precision = precision;
  options.warm_up = false;
  return options;
}

class CudaEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    const TensorFile tiny = SeededModel(ModelConfig::Tiny(), /*seed=*/1);
    const auto engine = TorchEngine::Create(tiny, {}, On("cuda:0", "fp32"));
    if (!engine.ok()) GTEST_SKIP() << engine.status().message();
  }

  static std::unique_ptr<TorchEngine> Make(const ModelConfig& config, const char* device,
                                           const char* precision) {
    return TorchEngine::Create(SeededModel(config, /*seed=*/1), {}, On(device, precision)).value();
  }

  // The logits of each patch after one click and after two.
  static std::vector<MaskLogits> Segment(TorchEngine& engine, const std::vector<Patch>& patches) {
    std::vector<const Patch*> pointers;
    for (const Patch& patch : patches) pointers.push_back(&patch);
    std::vector<DecodeInput> inputs;
    for (auto& embedding : engine.Encode(pointers)) {
      DecodeInput input;
      input.embedding = std::make_shared<const Embedding>(*std::move(embedding));
      input.clicks = {{70, 58, 61, true}};
      inputs.push_back(input);
      input.clicks.push_back({20, 90, 33, false});
      inputs.push_back(input);
    }
    std::vector<const DecodeInput*> input_pointers;
    for (const DecodeInput& input : inputs) input_pointers.push_back(&input);
    std::vector<MaskLogits> masks;
    for (auto& logits : engine.Decode(input_pointers)) masks.push_back(*std::move(logits));
    return masks;
  }

  static std::vector<Patch> Patches(int count) {
    std::vector<Patch> patches;
    for (int n = 1; n <= count; ++n) patches.push_back({SeededPatch(static_cast<uint64_t>(n))});
    return patches;
  }
};

// Modules with detail branches, gates that differ between patches, a batch of all patches at once.
TEST_F(CudaEngineTest, AgreesWithTheProcessor) {
  ModelConfig config = ModelConfig::Tiny();
  config.sgpm.detail_channels = 16;
  const std::vector<MaskLogits> there = Segment(*Make(config, "cuda:0", "fp32"), Patches(5)),
                                here = Segment(*Make(config, "cpu", "fp32"), Patches(5));
  ASSERT_EQ(there.size(), here.size());
  for (size_t n = 0; n < here.size(); ++n) {
    for (size_t v = 0; v < here[n].values.size(); ++v) {
      ASSERT_NEAR(there[n].values[v], here[n].values[v], 2e-3) << n << ", " << v;
    }
  }
}

TEST_F(CudaEngineTest, KeepsTheFullSizeModelsMasksInBfloat16) {
  ModelConfig config;
  config.sgpm.blocks.clear();
  const auto exact = Make(config, "cpu", "fp32"), rough = Make(config, "cuda:0", "bf16");
  const PatchSizes sizes = exact->info().sizes;
  const std::vector<MaskLogits> here = Segment(*exact, Patches(1)), there = Segment(*rough, Patches(1));
  for (size_t n = 0; n < here.size(); ++n) {
    const std::vector<uint8_t> a = PatchMaskBits(here[n], sizes), b = PatchMaskBits(there[n], sizes);
    int64_t both = 0, sum = 0;
    for (size_t byte = 0; byte < a.size(); ++byte) {
      both += __builtin_popcount(a[byte] & b[byte]);
      sum += __builtin_popcount(a[byte]) + __builtin_popcount(b[byte]);
    }
    EXPECT_GE(2.0 * static_cast<double>(both) / static_cast<double>(sum), 0.995);
  }
}

}  // namespace
}  // namespace sgpsam
