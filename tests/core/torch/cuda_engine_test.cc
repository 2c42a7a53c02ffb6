// The engine on a CUDA device, against the same engine on the processor. Skipped, saying why, where there is
// no such device.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/model_file/seeded_weights.h"
#include "core/torch/torch_engine.h"
#include "core/transform/restore.h"
#include "gtest/gtest.h"
#include "tests/support/small_model.h"
#include "tests/support/wrong_kernel.h"

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
    if (absl::IsFailedPrecondition(engine.status())) GTEST_SKIP() << engine.status().message();
    ASSERT_TRUE(engine.ok()) << engine.status();
  }

  static std::unique_ptr<TorchEngine> Make(const ModelConfig& config, const char* device,
                                           const char* precision, bool graphs = true) {
    TorchEngineOptions options = On(device, precision);
    options.cuda_graphs = graphs;
    return TorchEngine::Create(SeededModel(config, /*seed=*/1), {}, options).value();
  }

  // Modules with detail branches, gates that differ between patches.
  static ModelConfig Detailed() {
    ModelConfig config = ModelConfig::Tiny();
    config.sgpm.detail_channels = 16;
    return config;
  }

  // The logits of each patch after one click, after two, and after those with the first ones' logits.
  static std::vector<MaskLogits> Segment(TorchEngine& engine, const std::vector<Patch>& patches) {
    std::vector<const Patch*> pointers;
    pointers.reserve(patches.size());
    for (const Patch& patch : patches) pointers.push_back(&patch);
    std::vector<DecodeInput> inputs;
    for (auto& embedding : engine.Encode(pointers)) {
      DecodeInput input;
      input.embedding = std::make_shared<const Embedding>(*std::move(embedding));
      input.clicks = {{70, 58, 61, true}};
      inputs.push_back(input);
      input.clicks.push_back({83, 58, 61, false});
      inputs.push_back(input);
    }
    std::vector<MaskLogits> masks = Decode(engine, inputs);
    for (size_t n = 1; n < inputs.size(); n += 2) {
      inputs[n].mask_logits = masks[n - 1].values;
      masks.push_back(Decode(engine, {inputs[n]})[0]);
    }
    return masks;
  }

  static std::vector<MaskLogits> Decode(TorchEngine& engine, const std::vector<DecodeInput>& inputs) {
    std::vector<const DecodeInput*> pointers;
    pointers.reserve(inputs.size());
    for (const DecodeInput& input : inputs) pointers.push_back(&input);
    std::vector<MaskLogits> masks;
    for (auto& logits : engine.Decode(pointers)) masks.push_back(*std::move(logits));
    return masks;
  }

  static void ExpectNear(const std::vector<MaskLogits>& a, const std::vector<MaskLogits>& b,
                         float tolerance) {
    ASSERT_EQ(a.size(), b.size());
    for (size_t n = 0; n < a.size(); ++n) {
      EXPECT_NEAR(a[n].iou_prediction, b[n].iou_prediction, tolerance) << n;
      for (size_t v = 0; v < a[n].values.size(); ++v) {
        ASSERT_NEAR(a[n].values[v], b[n].values[v], tolerance) << n << ", " << v;
      }
    }
  }

  static std::vector<Patch> Patches(int count) {
    std::vector<Patch> patches;
    for (int n = 1; n <= count; ++n) patches.push_back({SeededPatch(static_cast<uint64_t>(n), 128)});
    return patches;
  }
};

// A batch of all patches at once, then others of the same shapes (a replayed graph reads those, not the first
// ones), more of them (the arena grows) and fewer.
TEST_F(CudaEngineTest, AgreesWithTheProcessor) {
  const auto here = Make(Detailed(), "cpu", "fp32"), there = Make(Detailed(), "cuda:0", "fp32");
  std::vector<Patch> patches = Patches(3);
  ExpectNear(Segment(*there, patches), Segment(*here, patches), 2e-3f);
  std::swap(patches[0], patches[2]);
  ExpectNear(Segment(*there, patches), Segment(*here, patches), 2e-3f);
  for (const int count : {5, 2}) {
    ExpectNear(Segment(*there, Patches(count)), Segment(*here, Patches(count)), 2e-3f);
  }
}

// The same kernels, so the same bits. That recording works at all shows that nothing in between waits for the
// device.
TEST_F(CudaEngineTest, ReplaysWhatItWouldLaunch) {
  for (const char* precision : {"fp32", "bf16"}) {
    const auto replays = Make(Detailed(), "cuda:0", precision),
               launches = Make(Detailed(), "cuda:0", precision, /*graphs=*/false);
    ExpectNear(Segment(*replays, Patches(3)), Segment(*launches, Patches(3)), 0);
  }
}

// Of more shapes than graphs are kept, the largest first, so that none is forgotten for its size; twice.
TEST_F(CudaEngineTest, AnswersMoreShapesThanItKeepsGraphs) {
  const auto there = Make(Detailed(), "cuda:0", "fp32"), here = Make(Detailed(), "cpu", "fp32");
  const Patch patch = Patches(1)[0];
  DecodeInput input;
  input.embedding = std::make_shared<const Embedding>(there->Encode({&patch})[0].value());
  for (int round = 0; round < 2; ++round) {
    input.clicks.clear();
    for (int n = 0; n < 64; ++n) {
      const float voxel = static_cast<float>((37 * n + 11) % 128);
      input.clicks.push_back({voxel, 64, 127 - voxel, n % 3 != 0});
    }
    for (; !input.clicks.empty(); input.clicks.pop_back()) {
      const std::vector<DecodeInput> one(1, input), two(2, input);
      ExpectNear(Decode(*there, two), Decode(*here, two), 2e-3f);
      if (input.clicks.size() % 16 == 0) ExpectNear(Decode(*there, one), Decode(*here, one), 2e-3f);
    }
  }
}

// Weights, patch and clicks of the golden data; on the processor the masks are the golden ones
// (tests/core/model/golden_test.cc).
TEST_F(CudaEngineTest, KeepsTheGoldenMasksInBfloat16) {
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

// Alone and in a full batch, with graphs. A device that fails is refused, whatever the mode:
// there is no other device to fall back on.
TEST_F(CudaEngineTest, PassesItsSelfTestAndIsRefusedIfItFails) {
  const TensorFile file = SmallModel(Detailed());
  for (const char* precision : {"fp32", "bf16"}) {
    TorchEngineOptions options = On("cuda:0", precision);
    options.self_test = "fallback";
    options.warm_up = true;
    const auto engine = TorchEngine::Create(file, {}, options);
    ASSERT_TRUE(engine.ok()) << engine.status();
    EXPECT_EQ((*engine)->info().precision, precision);
    EXPECT_EQ((*engine)->info().self_test.result, SelfTestReport::Result::kPassed);
    const WrongKernel planted(WrongKernel::Kind::kDeviceConvolution);
    EXPECT_EQ(TorchEngine::Create(file, {}, options).status().code(), absl::StatusCode::kFailedPrecondition);
  }
}

}  // namespace
}  // namespace sgpsam
