// What one made-up case costs, on one thread: the size of a clinical series, a coarse whole abdomen as the
// demo shows it, and the small fields that training makes by the hundred.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <optional>

#include "tools/synthesis/synthetic_case.h"

namespace sgpsam::synthesis {
namespace {

void Synthesize(benchmark::State& state, const Shape& shape, std::optional<std::array<double, 3>> spacing_mm,
                Content content) {
  CaseOptions options;
  options.shape = shape;
  options.spacing_mm = spacing_mm;
  options.content = content;
  uint32_t index = 0;
  for (auto _ : state) {
    options.seed = CaseSeed(Split::kTrain, 0, index++ % 16);  // bodies differ in what they cost
    absl::StatusOr<SyntheticCase> made = SynthesizeCase(options);
    if (!made.ok()) std::abort();
    benchmark::DoNotOptimize(made->image.samples().data());
  }
}
constexpr int kBodies = 16;
BENCHMARK_CAPTURE(Synthesize, drawn_spacing_256x256x96, Shape{256, 256, 96}, std::nullopt, Content::kLesions)
    ->Iterations(kBodies)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Synthesize, whole_abdomen_256x256x96, Shape{256, 256, 96}, {{1.4, 1.4, 2.5}},
                  Content::kLesions)
    ->Iterations(kBodies)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Synthesize, patch_128_of_1_5_mm, Shape{128, 128, 128}, {{1.5, 1.5, 1.5}}, Content::kLesions)
    ->Iterations(kBodies)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Synthesize, patch_128_of_1_5_mm_shapes, Shape{128, 128, 128}, {{1.5, 1.5, 1.5}},
                  Content::kShapes)
    ->Iterations(kBodies)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Synthesize, patch_96_of_2_mm, Shape{96, 96, 96}, {{2, 2, 2}}, Content::kLesions)
    ->Iterations(kBodies)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sgpsam::synthesis
