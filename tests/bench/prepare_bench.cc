// What one request costs before and after the model: the patch cut out of a large CT, and its mask put
// back. One thread; nothing here may grow with the volume.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/engine/engine.h"
#include "core/looks/mosaic.h"
#include "core/transform/placement.h"
#include "core/transform/prepare.h"
#include "core/transform/prepare_prompts.h"
#include "core/transform/resolve_prompts.h"
#include "core/transform/restore.h"
#include "core/volume/volume.h"

namespace sgpsam {
namespace {

constexpr Shape kShape{512, 512, 300};
constexpr int64_t kPatch = 128;

Geometry CtGeometry(double slice_mm) {
  return *Geometry::Create(kShape, {-180, -180, -400}, {{{0.7, 0, 0}, {0, 0.7, 0}, {0, 0, slice_mm}}});
}

// i to the back, j to the feet, k to the left: the patch's fastest axis lies across the rows.
Geometry SagittalGeometry() {
  return *Geometry::Create(kShape, {-180, -180, 400}, {{{0, 0.7, 0}, {0, 0, -0.7}, {1, 0, 0}}});
}

Volume MakeVolume(const Geometry& geometry) {
  ByteBuffer samples = *ByteBuffer::Zeroed(kShape.voxels() * sizeof(int16_t));
  uint32_t state = 1;
  for (int64_t n = 0; n < kShape.voxels(); ++n) {
    state = state * 1664525u + 1013904223u;
    const auto value = static_cast<int16_t>(static_cast<int>(state >> 21) - 900);
    std::memcpy(samples.data() + n * sizeof(value), &value, sizeof(value));
  }
  return *Volume::Create(geometry, SampleType::kInt16, std::move(samples));
}

void Prepare(benchmark::State& state, const Geometry& geometry) {
  const Volume volume = MakeVolume(geometry);
  const Placement placement = PlaceAround(geometry, {256, 256, 150}, kPatch, kUsualSpacingMm);
  for (auto _ : state) {
    absl::StatusOr<Patch> patch = PreparePatch(volume, placement);
    if (!patch.ok()) std::abort();
    benchmark::DoNotOptimize(patch->values.data());
  }
}
BENCHMARK_CAPTURE(Prepare, axial_1mm, CtGeometry(1.0))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Prepare, axial_5mm, CtGeometry(5.0))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Prepare, axial_half_mm, CtGeometry(0.5))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Prepare, sagittal, SagittalGeometry())->Unit(benchmark::kMillisecond);

// Logits of a ball of `radius` decoder cells (6 mm each) in the middle of the patch.
MaskLogits Ball(double radius) {
  MaskLogits logits;
  for (int i = 0; i < 32; ++i) {
    for (int j = 0; j < 32; ++j) {
      for (int k = 0; k < 32; ++k) {
        const double x = i - 15.5, y = j - 15.5, z = k - 15.5;
        logits.values.push_back(static_cast<float>(radius * radius - x * x - y * y - z * z));
      }
    }
  }
  return logits;
}

void Restore(benchmark::State& state) {
  const Geometry geometry = CtGeometry(1.0);
  const Placement placement = PlaceAround(geometry, {256, 256, 150}, kPatch, kUsualSpacingMm);
  const MaskLogits logits = Ball(static_cast<double>(state.range(0)));
  for (auto _ : state) {
    RestoredMask restored = RestoreMask(OnePatch(logits.values, PatchSizes(), placement), geometry);
    benchmark::DoNotOptimize(restored.mask.bits().data());
  }
}
BENCHMARK(Restore)->ArgName("radius_cells")->Arg(4)->Arg(8)->Arg(40)->Unit(benchmark::kMillisecond);

// What following a lesion over `patches` in a row costs besides encodes and decodes: the logits put together,
// the next patch found, the mask made.
void FollowLesion(benchmark::State& state) {
  const Geometry geometry = CtGeometry(1.0);
  const Placement first = PlaceAround(geometry, {256, 256, 150}, kPatch, kUsualSpacingMm);
  std::vector<Tile> tiles;
  for (int n = 0; n < state.range(0); ++n) {
    tiles.push_back({{0, (n % 2 == 0 ? n : -n - 1) / 2, 0}, {{64, 64, 64, true}}, Ball(12).values});
  }
  for (auto _ : state) {
    const LogitsBox merged = MergeTiles(first, tiles, PatchSizes());
    benchmark::DoNotOptimize(NextTile(merged, first, tiles, {}));
    RestoredMask restored = RestoreMask(merged, geometry);
    benchmark::DoNotOptimize(restored.mask.bits().data());
  }
}
BENCHMARK(FollowLesion)->ArgName("patches")->Arg(1)->Arg(3)->Arg(8)->Unit(benchmark::kMillisecond);

void RestoreProbabilityMap(benchmark::State& state) {
  const Geometry geometry = CtGeometry(1.0);
  const Placement placement = PlaceAround(geometry, {256, 256, 150}, kPatch, kUsualSpacingMm);
  const MaskLogits logits = Ball(4);
  for (auto _ : state) {
    absl::StatusOr<ByteBuffer> map =
        RestoreProbabilities(OnePatch(logits.values, PatchSizes(), placement), geometry);
    if (!map.ok()) std::abort();
    benchmark::DoNotOptimize(map->data());
  }
}
BENCHMARK(RestoreProbabilityMap)->Unit(benchmark::kMillisecond);

// A refinement of a mask: onto the decoder's grid, and the click into its middle.
void PromptWithMask(benchmark::State& state) {
  const Geometry geometry = CtGeometry(1.0);
  const Placement placement = PlaceAround(geometry, {256, 256, 150}, kPatch, kUsualSpacingMm);
  Prompts prompts;
  prompts.mask = RestoreMask(OnePatch(Ball(8).values, PatchSizes(), placement), geometry).mask;
  const auto resolved = ResolvePrompts(geometry, PatchSizes(), std::move(prompts));
  if (!resolved.ok()) std::abort();
  for (auto _ : state) {
    absl::StatusOr<PreparedPrompts> prepared = PreparePrompts(geometry, placement, *resolved, PatchSizes());
    if (!prepared.ok()) std::abort();
    benchmark::DoNotOptimize(prepared->mask_logits.data());
  }
}
BENCHMARK(PromptWithMask)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sgpsam
