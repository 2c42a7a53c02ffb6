#include "tools/learn/evaluation/click_simulator.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/base/status_macros.h"
#include "core/volume/components.h"
#include "core/volume/distance_map.h"
#include "core/volume/voxel_runs.h"
#include "tools/learn/evaluation/overlap.h"

namespace sgpsam {
namespace {

Mask Combined(const Mask& a, const Mask& b, uint8_t (*combine)(uint8_t, uint8_t)) {
  std::string bits(a.bits().begin(), a.bits().end());
  for (size_t n = 0; n < bits.size(); ++n) {
    bits[n] = static_cast<char>(combine(a.bits()[n], b.bits()[n]));
  }
  return *Mask::FromBits(a.shape(), bits);
}

Mask Difference(const Mask& a, const Mask& b) {
  return Combined(a, b, [](uint8_t x, uint8_t y) { return static_cast<uint8_t>(x & ~y); });
}

Mask ExclusiveOr(const Mask& a, const Mask& b) {
  return Combined(a, b, [](uint8_t x, uint8_t y) { return static_cast<uint8_t>(x ^ y); });
}

// How deep each voxel of the runs lies, squared; 0 for the other voxels of the box around them, which has a
// rim: nothing outside that rim is nearer than the rim itself.
DistanceMap DepthsOf(absl::Span<const VoxelRun> runs, const std::array<double, 3>& spacing_mm) {
  DistanceMap map{GrownByOne(BoundingBox(runs)), {}};
  const Shape size = map.box.shape();
  std::vector<uint8_t> outside(static_cast<size_t>(size.voxels()), 1);
  for (const VoxelRun& run : runs) {
    const int64_t row = ((run.k - map.box.begin.k) * size.j + run.j - map.box.begin.j) * size.i;
    const auto begin = outside.begin() + row + run.begin - map.box.begin.i;
    std::fill(begin, begin + (run.end - run.begin), uint8_t{0});
  }
  map.squared_mm2 = SquaredDistances(size, outside, spacing_mm);
  return map;
}

template <typename Visitor>
void ForEachVoxel(absl::Span<const VoxelRun> runs, Visitor&& visit) {
  for (const VoxelRun& run : runs) {
    for (int64_t i = run.begin; i < run.end; ++i) visit(Voxel{i, run.j, run.k});
  }
}

std::array<double, 3> CentreOfMass(absl::Span<const VoxelRun> runs) {
  std::array<double, 3> sum{};
  double count = 0;
  for (const VoxelRun& run : runs) {
    const double voxels = run.end - run.begin;
    sum[0] += voxels * (run.begin + run.end - 1) / 2;
    sum[1] += voxels * run.j;
    sum[2] += voxels * run.k;
    count += voxels;
  }
  for (double& coordinate : sum) coordinate /= count;
  return sum;
}

// Sums of the same squares in another order differ by their rounding and are equal nevertheless.
constexpr float kRounding = 1e-5f;

struct Deepest {
  Voxel voxel;
  float depth = 0;  // squared
};

Deepest DeepestVoxel(absl::Span<const VoxelRun> runs, const std::array<double, 3>& spacing_mm) {
  const DistanceMap depths = DepthsOf(runs, spacing_mm);
  const float depth = *std::max_element(depths.squared_mm2.begin(), depths.squared_mm2.end());
  const std::array<double, 3> centre = CentreOfMass(runs);
  Voxel best;
  double best_distance = std::numeric_limits<double>::infinity();
  ForEachVoxel(runs, [&](const Voxel& voxel) {
    if (depths.squared_at(voxel) < depth * (1 - kRounding)) return;
    const double x = (static_cast<double>(voxel.i) - centre[0]) * spacing_mm[0];
    const double y = (static_cast<double>(voxel.j) - centre[1]) * spacing_mm[1];
    const double z = (static_cast<double>(voxel.k) - centre[2]) * spacing_mm[2];
    const double distance = x * x + y * y + z * z;
    if (distance >= best_distance * (1 - kRounding)) return;
    best = voxel;
    best_distance = distance;
  });
  return {best, depth};
}

Voxel DeepestVoxelOfAll(const Components& components, const std::array<double, 3>& spacing_mm) {
  Deepest best;
  for (size_t n = 0; n < components.count(); ++n) {
    const Deepest deepest = DeepestVoxel(components.runs_of(n), spacing_mm);
    if (deepest.depth * (1 - kRounding) > best.depth) best = deepest;
  }
  return best.voxel;
}

// Each voxel of the mask, which is not empty, equally likely.
Voxel RandomVoxel(const Mask& mask, uint64_t seed) {
  const auto voxels = static_cast<uint64_t>(mask.shape().voxels());
  uint64_t rank = Random(seed).Below(mask.CountVoxels());
  uint64_t begin = mask.NextVoxel(0);
  for (uint64_t end = mask.NextGap(begin, voxels); rank >= end - begin; end = mask.NextGap(begin, voxels)) {
    rank -= end - begin;
    begin = mask.NextVoxel(end);
  }
  const auto n = static_cast<int64_t>(begin + rank);
  const Shape& shape = mask.shape();
  return {n % shape.i, n / shape.i % shape.j, n / (shape.i * shape.j)};
}

std::optional<SimulatedClick> RandomCorrection(const Mask& truth, const Mask& prediction, uint64_t seed) {
  const Mask errors = ExclusiveOr(truth, prediction);
  if (errors.CountVoxels() == 0) return std::nullopt;
  const Voxel voxel = RandomVoxel(errors, seed);
  return SimulatedClick{voxel, truth.at(voxel.i, voxel.j, voxel.k)};
}

int64_t VoxelsOfLargest(const Components& components) {
  return components.count() == 0 ? 0 : components.voxels[components.largest()];
}

std::optional<SimulatedClick> CentralCorrection(const Mask& truth, const Mask& prediction,
                                                const std::array<double, 3>& spacing_mm) {
  const Components missed = FindComponents(Difference(truth, prediction));
  const Components surplus = FindComponents(Difference(prediction, truth));
  if (missed.count() + surplus.count() == 0) return std::nullopt;
  const bool positive = VoxelsOfLargest(missed) >= VoxelsOfLargest(surplus);
  const Components& errors = positive ? missed : surplus;
  return SimulatedClick{DeepestVoxel(errors.runs_of(errors.largest()), spacing_mm).voxel, positive};
}

}  // namespace

std::optional<SimulatedClick> FirstClick(const Mask& truth, const ClickOptions& options, uint64_t seed) {
  if (truth.CountVoxels() == 0) return std::nullopt;
  if (options.strategy == ClickStrategy::kRandom) return SimulatedClick{RandomVoxel(truth, seed), true};
  return SimulatedClick{DeepestVoxelOfAll(FindComponents(truth), options.spacing_mm), true};
}

absl::StatusOr<std::optional<SimulatedClick>> NextClick(const Mask& truth, const Mask& prediction,
                                                        const ClickOptions& options, uint64_t seed) {
  RETURN_IF_ERROR(CheckSameShape(truth, prediction));
  if (options.strategy == ClickStrategy::kRandom) return RandomCorrection(truth, prediction, seed);
  return CentralCorrection(truth, prediction, options.spacing_mm);
}

}  // namespace sgpsam
