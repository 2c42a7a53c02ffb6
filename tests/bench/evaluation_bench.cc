// What scoring and clicking cost: a simulated click per training step, and the metrics of one lesion. One
// thread; nothing here may grow with the volume around a lesion.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstdlib>

#include "core/base/random.h"
#include "core/volume/components.h"
#include "tests/support/mask_shapes.h"
#include "tools/learn/evaluation/click_simulator.h"
#include "tools/learn/evaluation/overlap.h"
#include "tools/learn/evaluation/surface_dice.h"

namespace sgpsam {
namespace {

constexpr std::array<double, 3> kSpacing{1.5, 1.5, 1.5};

// kNoise is what an untrained model says: every voxel as likely as not.
enum class Model { kTrained, kNoise, kEverything };

Mask Predict(Model model, const Shape& shape, int64_t radius) {
  Random random(1);
  if (model == Model::kNoise) return NoiseMask(shape, 0.5, random);
  if (model == Model::kEverything) return BoxMask(shape, {0, 0, 0}, {shape.i, shape.j, shape.k});
  return BallMask(shape, {shape.i / 2 + radius / 4, shape.j / 2 - radius / 5, shape.k / 2},
                  static_cast<double>(radius));
}

// A lesion of an eighth of the patch's side, on a patch of `side`^3 voxels.
void NextClickOnPatch(benchmark::State& state, ClickStrategy strategy, Model model) {
  const int64_t side = state.range(0), radius = side / 8;
  const Shape shape{side, side, side};
  const Mask truth = BallMask(shape, {side / 2, side / 2, side / 2}, static_cast<double>(radius));
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
  const Mask truth =
      BallMask({side, side, side}, {side / 2, side / 2, side / 2}, static_cast<double>(side) / 8);
  for (auto _ : state) benchmark::DoNotOptimize(FirstClick(truth, {ClickStrategy::kCentre, kSpacing}, 1));
}
BENCHMARK(FirstClickOnPatch)->ArgName("side")->Arg(64)->Arg(128)->Unit(benchmark::kMillisecond);

// A lesion of 40 voxels across in a CT of 512x512x300.
constexpr Shape kCt{512, 512, 300};

void DiceInCt(benchmark::State& state) {
  const Mask a = BallMask(kCt, {256, 256, 150}, 20), b = BallMask(kCt, {259, 256, 152}, 20);
  for (auto _ : state) benchmark::DoNotOptimize(Dice(a, b).value());
}
BENCHMARK(DiceInCt)->Unit(benchmark::kMillisecond);

void SurfaceDiceInCt(benchmark::State& state) {
  const Mask a = BallMask(kCt, {256, 256, 150}, 20), b = BallMask(kCt, {259, 256, 152}, 20);
  for (auto _ : state) benchmark::DoNotOptimize(SurfaceDice(a, b, {0.7, 0.7, 1}).value());
}
BENCHMARK(SurfaceDiceInCt)->Unit(benchmark::kMillisecond);

void ComponentsInCt(benchmark::State& state) {
  const Mask mask = BallMask(kCt, {256, 256, 150}, 20);
  for (auto _ : state) benchmark::DoNotOptimize(FindComponents(mask).count());
}
BENCHMARK(ComponentsInCt)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sgpsam
