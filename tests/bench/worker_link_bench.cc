// What the process boundary costs: the same fake engine, with the sizes of vit_b_ori, asked directly and
// over the link. Overhead per item = link minus direct.
#include <benchmark/benchmark.h>

#include <memory>
#include <utility>
#include <vector>

#include "core/worker_link/remote_engine.h"
#include "tests/support/fake_engine.h"

namespace sgpsam {
namespace {

enum Way { kDirect, kLink };

std::unique_ptr<Engine> MakeEngine(benchmark::State& state) {
  if (state.range(0) == kDirect) return std::make_unique<FakeEngine>(FakeEngine::FullSizeModel());
  RemoteEngineOptions options;
  options.worker_binary = SGPSAM_FAKE_WORKER;
  options.arguments = {"--size=full"};
  auto engine = RemoteEngine::Start(options);
  if (engine.ok()) return *std::move(engine);
  state.SkipWithError(engine.status().ToString().c_str());
  return nullptr;
}

void Label(benchmark::State& state) {
  state.SetLabel(state.range(0) == kDirect ? "direct" : "over the link");
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

// range(0): way, range(1): batch size.
void BM_Decode(benchmark::State& state) {
  const std::unique_ptr<Engine> engine = MakeEngine(state);
  if (engine == nullptr) return;
  auto embedding = std::make_shared<Embedding>();
  embedding->values.assign(static_cast<size_t>(engine->info().sizes.embedding_floats()), 0.5f);
  DecodeInput input;
  input.embedding = embedding;
  input.clicks = {{64, 64, 64, true}};
  const std::vector<const DecodeInput*> batch(static_cast<size_t>(state.range(1)), &input);
  for (auto _ : state) benchmark::DoNotOptimize(engine->Decode(batch));
  Label(state);
}

void BM_Encode(benchmark::State& state) {
  const std::unique_ptr<Engine> engine = MakeEngine(state);
  if (engine == nullptr) return;
  Patch patch;
  patch.values.assign(static_cast<size_t>(engine->info().sizes.patch_floats()), 0.5f);
  const std::vector<const Patch*> batch(static_cast<size_t>(state.range(1)), &patch);
  for (auto _ : state) benchmark::DoNotOptimize(engine->Encode(batch));
  Label(state);
}

BENCHMARK(BM_Decode)->ArgsProduct({{kDirect, kLink}, {1, 4}})->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Encode)->ArgsProduct({{kDirect, kLink}, {1, 4}})->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace sgpsam
