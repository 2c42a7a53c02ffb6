// What scoring and clicking cost: a simulated click per training step, and the metrics of one lesion. One
// thread; nothing here may grow with the volume around a lesion.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "core/base/random.h"
#include "core/evaluation/click_simulator.h"
#include "core/evaluation/components.h"
#include "core/evaluation/overlap.h"
#include "core/evaluation/surface_dice.h"

namespace sgpsam {
namespace {

constexpr std::array<double, 3> kSpacing{1.5, 1.5, 1.5};

Mask Ball(const Shape& shape, const Voxel& centre, int64_t radius) {
  Mask mask(shape);
  for (int64_t k = centre.k - radius; k <= centre.k + radius; ++k) {
    for (int64_t j = centre.j - radius; j <= centre.j + radius; ++j) {
      for (int64_t i = centre.i - radius; i <= centre.i + radius; ++i) {
        const int64_t x = i - centre.i, y = j - centre.j, z = k - centre.k;
        if (x * x + y * y + z * z <= radius * radius) mask.Set(i, j, k);
      }
    }
  }
  return mask;
}

// What an untrained model says: every voxel as likely as not.
Mask Noise(const Shape& shape) {
  Random random(1);
  Mask mask(shape);
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) {
        if (random.Uniform() < 0.5) mask.Set(i, j, k);
      }
    }
  }
  return mask;
}

Mask Everything(const Shape& shape) {
  std::vector<VoxelRun> runs;
  for (int32_t k = 0; k < shape.k; ++k) {
    for (int32_t j = 0; j < shape.j; ++j) runs.push_back({0, static_cast<int32_t>(shape.i), j, k});
  }
  return MaskOf(shape, runs);
}

enum class Model { kTrained, kNoise, kEverything };

Mask Predict(Model model, const Shape& shape, int64_t radius) {
  if (model == Model::kNoise) return Noise(shape);
  if (model == Model::kEverything) return Everything(shape);
  return Ball(shape, {shape.i / 2 + radius / 4, shape.j / 2 - radius / 5, shape.k / 2}, radius);
}

// A lesion of an eighth of the patch's side, on a patch of `side`^3 voxels.
void NextClickOnPatch(benchmark::State& state, ClickStrategy strategy, Model model) {
  const int64_t side = state.range(0), radius = side / 8;
  const Shape shape{side, side, side};
  const Mask truth = Ball(shape, {side / 2, side / 2, side / 2}, radius);
  const Mask prediction = Predict(model, shape, radius);
  uint64_t seed = 0;
  for (auto _ : state) {
    auto click = NextClick(truth, prediction, {strategy, kSpacing}, ++seed);
    if (!click.ok() || !click->has_value()) std::abort();
    benchmark::DoNotOptimize((*click)->voxel);
  }
}
BENCHMARK_CAPTURE(NextClickOnPatch, centre, ClickStrategy::kCentre, Model::kTrained)
    ->ArgName("side")
    ->Arg(64)
    ->Arg(128)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(NextClickOnPatch, centre_of_noise, ClickStrategy::kCentre, Model::kNoise)
    ->ArgName("side")
    ->Arg(64)
    ->Arg(128)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(NextClickOnPatch, centre_of_everything, ClickStrategy::kCentre, Model::kEverything)
    ->ArgName("side")
    ->Arg(64)
    ->Arg(128)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(NextClickOnPatch, random, ClickStrategy::kRandom, Model::kTrained)
    ->ArgName("side")
    ->Arg(64)
    ->Arg(128)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(NextClickOnPatch, random_of_noise, ClickStrategy::kRandom, Model::kNoise)
    ->ArgName("side")
    ->Arg(64)
    ->Arg(128)
    ->Unit(benchmark::kMillisecond);

void FirstClickOnPatch(benchmark::State& state) {
  const int64_t side = state.range(0);
  const Mask truth = Ball({side, side, side}, {side / 2, side / 2, side / 2}, side / 8);
  for (auto _ : state) benchmark::DoNotOptimize(FirstClick(truth, {ClickStrategy::kCentre, kSpacing}, 1));
}
BENCHMARK(FirstClickOnPatch)->ArgName("side")->Arg(64)->Arg(128)->Unit(benchmark::kMillisecond);

// A lesion of 40 voxels across in a CT of 512x512x300.
constexpr Shape kCt{512, 512, 300};

void DiceInCt(benchmark::State& state) {
  const Mask a = Ball(kCt, {256, 256, 150}, 20), b = Ball(kCt, {259, 256, 152}, 20);
  for (auto _ : state) benchmark::DoNotOptimize(Dice(a, b).value());
}
BENCHMARK(DiceInCt)->Unit(benchmark::kMillisecond);

void SurfaceDiceInCt(benchmark::State& state) {
  const Mask a = Ball(kCt, {256, 256, 150}, 20), b = Ball(kCt, {259, 256, 152}, 20);
  for (auto _ : state) benchmark::DoNotOptimize(SurfaceDice(a, b, {0.7, 0.7, 1}).value());
}
BENCHMARK(SurfaceDiceInCt)->Unit(benchmark::kMillisecond);

void ComponentsInCt(benchmark::State& state) {
  const Mask mask = Ball(kCt, {256, 256, 150}, 20);
  for (auto _ : state) benchmark::DoNotOptimize(ConnectedComponents(mask).size());
}
BENCHMARK(ComponentsInCt)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sgpsam
