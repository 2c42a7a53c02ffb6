#include "core/torch/torch_engine.h"

#include <malloc.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>

#include "core/model_file/safetensors.h"
#include "core/model_file/seeded_weights.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

TorchEngineOptions OnProcessor() {
  TorchEngineOptions options;
  options.device = "cpu";
  options.precision = "fp32";
  options.warm_up = false;
  return options;
}

const TensorFile& TinyModel() {
  static const TensorFile& file = *new TensorFile(SeededModel(ModelConfig::Tiny(), /*seed=*/1));
  return file;
}

std::unique_ptr<TorchEngine> MakeEngine(const TorchEngineOptions& options = OnProcessor()) {
  auto engine = TorchEngine::Create(TinyModel(), Sha256::Of("tiny"), options);
  if (!engine.ok()) ADD_FAILURE() << engine.status();
  return *std::move(engine);
}

Patch MakePatch(uint64_t seed) { return {SeededPatch(seed, 128)}; }

Embedding MustEncode(TorchEngine& engine, const Patch& patch) {
  const Patch* const patches[] = {&patch};
  auto embeddings = engine.Encode(patches);
  EXPECT_TRUE(embeddings[0].ok()) << embeddings[0].status();
  return *std::move(embeddings[0]);
}

MaskLogits MustDecode(TorchEngine& engine, const DecodeInput& input) {
  const DecodeInput* const inputs[] = {&input};
  auto logits = engine.Decode(inputs);
  EXPECT_TRUE(logits[0].ok()) << logits[0].status();
  return *std::move(logits[0]);
}

DecodeInput MakeInput(TorchEngine& engine, size_t clicks) {
  DecodeInput input;
  input.embedding = std::make_shared<const Embedding>(MustEncode(engine, MakePatch(1)));
  for (size_t n = 0; n < clicks; ++n)
    input.clicks.push_back({70, 58, 61.0f + static_cast<float>(n), n % 2 == 0});
  return input;
}

TEST(TorchEngine, DescribesItsModel) {
  const auto engine = MakeEngine();
  EXPECT_EQ(engine->info().name, "sgpsam-tiny");
  EXPECT_EQ(engine->info().weights_digest, Sha256::Of("tiny"));
  EXPECT_EQ(engine->info().precision, "fp32");
  EXPECT_EQ(engine->info().device, "cpu");
  EXPECT_EQ(engine->info().gate_blocks, ModelConfig::Tiny().sgpm.blocks);
  EXPECT_EQ(engine->info().box_corner_embeddings, 0);
}

TEST(TorchEngine, GivesEmbeddingAndLogitsOfTheRightSizes) {
  const auto engine = MakeEngine();
  const DecodeInput input = MakeInput(*engine, 1);
  EXPECT_EQ(input.embedding->values.size(), static_cast<size_t>(engine->info().sizes.embedding_floats()));
  EXPECT_EQ(input.embedding->gate_scores.size(), engine->info().gate_blocks.size());
  const MaskLogits logits = MustDecode(*engine, input);
  EXPECT_EQ(logits.values.size(), static_cast<size_t>(engine->info().sizes.logits_floats()));
  EXPECT_TRUE(std::isfinite(logits.iou_prediction));
}

TEST(TorchEngine, EncodesFourPatchesToTheSameBitsAsEachAlone) {
  const auto engine = MakeEngine();
  std::vector<Patch> patches;
  std::vector<const Patch*> pointers;
  for (uint64_t seed = 1; seed <= 4; ++seed) patches.push_back(MakePatch(seed));
  for (const Patch& patch : patches) pointers.push_back(&patch);
  const auto together = engine->Encode(pointers);
  ASSERT_EQ(together.size(), 4u);
  for (size_t n = 0; n < 4; ++n) {
    const Embedding alone = MustEncode(*engine, patches[n]);
    ASSERT_TRUE(together[n].ok());
    EXPECT_EQ(together[n]->values, alone.values);
    EXPECT_EQ(together[n]->gate_scores, alone.gate_scores);
  }
  EXPECT_NE(together[0]->values, together[1]->values);
}

TEST(TorchEngine, DecodesMixedPromptsToTheSameBitsAsEachAlone) {
  const auto engine = MakeEngine();
  std::vector<DecodeInput> inputs{MakeInput(*engine, 3), MakeInput(*engine, 1), MakeInput(*engine, 3),
                                  MakeInput(*engine, 64)};
  inputs[2].mask_logits.assign(static_cast<size_t>(engine->info().sizes.logits_floats()), 1.5f);
  std::vector<const DecodeInput*> pointers;
  for (const DecodeInput& input : inputs) pointers.push_back(&input);
  const auto together = engine->Decode(pointers);
  ASSERT_EQ(together.size(), inputs.size());
  for (size_t n = 0; n < inputs.size(); ++n) {
    ASSERT_TRUE(together[n].ok()) << together[n].status();
    EXPECT_EQ(together[n]->values, MustDecode(*engine, inputs[n]).values);
  }
  EXPECT_NE(together[0]->values, together[2]->values);
}

std::unique_ptr<TorchEngine> MakeBoxEngine(int patch = 128) {
  ModelConfig config = ModelConfig::Tiny();
  config.point_embeddings = 4;
  config.token = patch / 8;
  config.patch = patch;
  TorchEngineOptions options = OnProcessor();
  options.warm_up = true;
  auto engine = TorchEngine::Create(SeededModel(config, /*seed=*/2), Sha256::Of("boxes"), options);
  if (!engine.ok()) ADD_FAILURE() << engine.status();
  return *std::move(engine);
}

TEST(TorchEngine, DecodesBoxesBesideClicksToTheSameBitsAsEachAlone) {
  const auto engine = MakeBoxEngine();
  EXPECT_EQ(engine->info().box_corner_embeddings, 2);
  const BoxCorners box{{30, 40, 50}, {90, 80, 70}};
  std::vector<DecodeInput> inputs{MakeInput(*engine, 1), MakeInput(*engine, 2), MakeInput(*engine, 1),
                                  MakeInput(*engine, 0)};
  inputs[2].box = inputs[3].box = box;  // as many tokens as two clicks, and as one
  std::vector<const DecodeInput*> pointers;
  for (const DecodeInput& input : inputs) pointers.push_back(&input);
  const auto together = engine->Decode(pointers);
  for (size_t n = 0; n < inputs.size(); ++n) {
    ASSERT_TRUE(together[n].ok()) << together[n].status();
    EXPECT_EQ(together[n]->values, MustDecode(*engine, inputs[n]).values);
  }
  EXPECT_NE(together[0]->values, together[2]->values);
}

TEST(TorchEngine, RefusesABoxThatItCannotTake) {
  const auto engine = MakeBoxEngine();
  std::vector<DecodeInput> bad(4, MakeInput(*engine, 1));
  bad[0].box = BoxCorners{{0, 0, 0}, {128, 1, 1}};
  bad[1].box = BoxCorners{{-1, 0, 0}, {1, 1, 1}};
  bad[2].box = BoxCorners{{0, 9, 0}, {1, 1, 1}};
  bad[3].box = BoxCorners{{0, std::nanf(""), 0}, {1, 1, 1}};
  std::vector<const DecodeInput*> pointers;
  for (const DecodeInput& input : bad) pointers.push_back(&input);
  for (const auto& result : engine->Decode(pointers)) {
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  }
  const auto without = MakeEngine();
  DecodeInput box = MakeInput(*without, 1);
  box.box = BoxCorners{{0, 0, 0}, {1, 1, 1}};
  const DecodeInput* const inputs[] = {&box};
  EXPECT_THAT(std::string(without->Decode(inputs)[0].status().message()), HasSubstr("clicks instead"));
}

TEST(TorchEngine, RunsAModelOfPatchesOf64Voxels) {
  const auto engine = MakeBoxEngine(64);
  const PatchSizes& sizes = engine->info().sizes;
  EXPECT_EQ(sizes.patch, 64);
  EXPECT_EQ(sizes.embedding_side, 8);
  EXPECT_EQ(sizes.logits_side, 32);
  DecodeInput input;
  input.embedding = std::make_shared<const Embedding>(MustEncode(*engine, {SeededPatch(1, 64)}));
  input.clicks = {{63, 0, 31, true}};
  EXPECT_EQ(MustDecode(*engine, input).values.size(), static_cast<size_t>(sizes.logits_floats()));
  input.clicks[0].i = 64;
  const DecodeInput* const inputs[] = {&input};
  EXPECT_EQ(engine->Decode(inputs)[0].status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(TorchEngine, TakesNoMaskForAMaskOfZeros) {
  const auto engine = MakeEngine();
  DecodeInput input = MakeInput(*engine, 1);
  const MaskLogits without = MustDecode(*engine, input);
  input.mask_logits.assign(static_cast<size_t>(engine->info().sizes.logits_floats()), 0.0f);
  EXPECT_EQ(MustDecode(*engine, input).values, without.values);
}

TEST(TorchEngine, RefusesABadPatchAndServesItsCompanion) {
  const auto engine = MakeEngine();
  const Patch good = MakePatch(1), cut{std::vector<float>(100)};
  Patch not_finite = good;
  not_finite.values[12345] = std::numeric_limits<float>::quiet_NaN();
  const Patch* const patches[] = {&cut, &good, &not_finite};
  const auto embeddings = engine->Encode(patches);
  EXPECT_EQ(embeddings[0].status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(embeddings[2].status().code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(embeddings[1].ok());
  EXPECT_EQ(embeddings[1]->values, MustEncode(*engine, good).values);
}

TEST(TorchEngine, RefusesABadDecodeAndServesItsCompanion) {
  const auto engine = MakeEngine();
  const DecodeInput good = MakeInput(*engine, 1);
  std::vector<DecodeInput> bad(5, good);
  bad[0].clicks.clear();
  bad[1].clicks.assign(kMaxClicks + 1, Click{});
  bad[2].clicks[0].j = 128;
  bad[3].mask_logits.assign(7, 0.0f);
  bad[4].embedding = nullptr;
  std::vector<const DecodeInput*> pointers{&good};
  for (const DecodeInput& input : bad) pointers.push_back(&input);
  const auto logits = engine->Decode(pointers);
  EXPECT_TRUE(logits[0].ok());
  for (size_t n = 1; n < logits.size(); ++n) {
    EXPECT_EQ(logits[n].status().code(), absl::StatusCode::kInvalidArgument) << n;
  }
}

TEST(TorchEngine, LoadsAFileAndKnowsItsDigest) {
  const std::string path = testing::TempDir() + "torch_engine_test.safetensors";
  ASSERT_TRUE(WriteSafetensorsFile(TinyModel(), path).ok());
  TorchEngineOptions options = OnProcessor();
  options.warm_up = true;
  const auto engine = TorchEngine::Create(path, options);
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_NE((*engine)->info().weights_digest, Digest{});
  EXPECT_EQ(MustEncode(**engine, MakePatch(1)).values, MustEncode(*MakeEngine(), MakePatch(1)).values);
  std::remove(path.c_str());
}

TEST(TorchEngine, SaysWhatIsWrongWithItsModelOrOptions) {
  EXPECT_EQ(TorchEngine::Create("/no/such/model", OnProcessor()).status().code(),
            absl::StatusCode::kNotFound);
  TensorFile nameless = TinyModel();
  nameless.metadata.clear();
  EXPECT_THAT(std::string(TorchEngine::Create(nameless, {}, OnProcessor()).status().message()),
              HasSubstr("import"));
  for (const char* device : {"gpu", "cuda", "cuda:", "cuda:-1", "cuda:1000", "cpu:0", ""}) {
    TorchEngineOptions options = OnProcessor();
    options.device = device;
    EXPECT_EQ(TorchEngine::Create(TinyModel(), {}, options).status().code(),
              absl::StatusCode::kInvalidArgument)
        << device;
  }
  TorchEngineOptions options = OnProcessor();
  options.precision = "int4";
  EXPECT_EQ(TorchEngine::Create(TinyModel(), {}, options).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// What the modules' detail map says is part of the embedding, and reaches the mask.
TEST(TorchEngine, CarriesTheDetailMapFromEncodeToDecode) {
  ModelConfig config = ModelConfig::Tiny();
  config.sgpm.detail_channels = 5;
  config.sgpm.threshold = -1;
  TensorFile file = SeededModel(config, /*seed=*/1);
  NamedTensor& read = file.tensors.at("sgpm.detail_to_mask.weight");
  read = SeededTensor({"sgpm.detail_to_mask.weight", read.shape, 0, 0.5}, /*seed=*/1);
  const auto engine = TorchEngine::Create(file, {}, OnProcessor()).value();
  DecodeInput input = MakeInput(*engine, 1);
  const PatchSizes& sizes = engine->info().sizes;
  ASSERT_EQ(input.embedding->values.size(), static_cast<size_t>(24 * 512 + 5 * 32768));
  const MaskLogits with = MustDecode(*engine, input);
  // Changed in one cell of one channel, the map changes the logit of that cell alone.
  Embedding changed = *input.embedding;
  const int64_t cell = (7 * 32 + 20) * 32 + 11;
  changed.values[static_cast<size_t>(sizes.token_floats() + 3 * 32768 + cell)] += 3;
  input.embedding = std::make_shared<const Embedding>(changed);
  const MaskLogits other = MustDecode(*engine, input);
  for (size_t n = 0; n < with.values.size(); ++n) {
    EXPECT_EQ(with.values[n] != other.values[n], n == static_cast<size_t>(cell)) << n;
  }
}

TEST(TorchEngine, ComputesInBfloat16CloseToFloat32) {
  TorchEngineOptions options = OnProcessor();
  options.precision = "bf16";
  const auto engine = MakeEngine(options);
  EXPECT_EQ(engine->info().precision, "bf16");
  const Embedding rough = MustEncode(*engine, MakePatch(1)), exact = MustEncode(*MakeEngine(), MakePatch(1));
  double worst = 0;
  for (size_t n = 0; n < exact.values.size(); ++n) {
    worst = std::max(worst, static_cast<double>(std::abs(rough.values[n] - exact.values[n])));
  }
  EXPECT_LT(worst, 0.2);
  EXPECT_GT(worst, 0) << "this was not bfloat16";
}

TEST(TorchEngine, HoldsNoMoreMemoryAfterManyRequests) {
  const auto engine = MakeEngine();
  const DecodeInput input = MakeInput(*engine, 2);
  const Patch patch = MakePatch(3);
  const auto work = [&](int rounds) {
    for (int n = 0; n < rounds; ++n) {
      MustDecode(*engine, input);
      if (n % 10 == 0) MustEncode(*engine, patch);
    }
    return mallinfo2().uordblks + mallinfo2().hblkhd;
  };
  const size_t before = work(20);
  const size_t after = work(100);
  EXPECT_LE(after, before + (64 << 10));
}

}  // namespace
}  // namespace sgpsam
