// What a step of training costs, against its own forward pass: the demo's model with fresh modules,
// transferred as deploy/models/remake.sh does it (one pass of four patches, three clicks), on one core. A
// validation of as many samples is that forward pass, drawing and clicking included.
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>

#include "tools/learn/cases/generated_cases.h"
#include "tools/learn/train/fresh_model.h"
#include "tools/learn/train/training.h"

namespace sgpsam {
namespace {

constexpr int kBatch = 4;

struct Bench {
  Bench() : source({synthesis::Split::kTrain, /*seed=*/0, /*cases=*/4}), cases(source, size_t{1} << 30) {
    at::set_num_threads(1);
    TensorFile file = FreshModel(Plain(), 1);
    if (!AddFreshModules({.blocks = {1, 3}, .detail_channels = 16}, 1, file).ok()) std::abort();
    TrainingOptions options;
    options.batch = kBatch;
    options.precision = Precision::kBfloat16;
    options.step.clicks = 3;
    options.step.map_weight = 0.3;
    options.parts = {/*image_encoder=*/false, /*sgpm=*/true, /*prompt_encoder=*/true, /*mask_decoder=*/true};
    training = Training::Create(file, cases, options).value();
    cases.Preload(1, [](int64_t) { return true; });
  }
  static ModelConfig Plain() {
    ModelConfig config = ModelConfig::Demo();
    config.sgpm.blocks.clear();
    return config;
  }

  const GeneratedCases source;
  const CaseMemory cases;
  std::unique_ptr<Training> training;
};

Bench& Shared() {
  static Bench& bench = *new Bench;
  return bench;
}

void Forward(benchmark::State& state) {
  Bench& bench = Shared();
  for (auto _ : state) {
    if (!bench.training->Validate(bench.cases, kBatch).ok()) std::abort();
  }
}
BENCHMARK(Forward)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

void Step(benchmark::State& state) {
  Bench& bench = Shared();
  for (auto _ : state) {
    if (!bench.training->Step().ok()) std::abort();
  }
}
BENCHMARK(Step)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

}  // namespace
}  // namespace sgpsam
