#include "tools/learn/train/training_sample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/transform/axis_map.h"
#include "core/transform/patch_labels.h"
#include "core/transform/placement.h"
#include "core/transform/prepare.h"
#include "tools/learn/evaluation/size_bins.h"

namespace sgpsam {
namespace {

constexpr int kAttempts = 8;

// Every n-th voxel, so that about `most` are left.
void Thin(std::vector<uint64_t>& voxels, size_t most) {
  if (voxels.size() <= most) return;
  for (size_t n = 0; n < most; ++n) voxels[n] = voxels[n * voxels.size() / most];
  voxels.resize(most);
  voxels.shrink_to_fit();
}

VoxelIndex IndexOf(uint64_t offset, const Shape& shape) {
  const auto n = static_cast<int64_t>(offset);
  const int64_t row = n / shape.i, plane = row / shape.j;
  return {static_cast<double>(n % shape.i), static_cast<double>(row % shape.j), static_cast<double>(plane)};
}

double LogUniform(double low, double high, Random& random) {
  return low * std::exp(std::log(high / low) * random.Uniform());
}

double DrawSpacing(double diameter_mm, int64_t patch, const SampleOptions& options, Random& random) {
  if (!(options.most_fill > 0)) return LogUniform(options.min_spacing_mm, options.max_spacing_mm, random);
  const double fill = LogUniform(options.least_fill, options.most_fill, random);
  return std::clamp(diameter_mm / (fill * static_cast<double>(patch)), options.min_spacing_mm,
                    options.max_spacing_mm);
}

Placement PlaceNear(const Geometry& geometry, const VoxelIndex& voxel, double spacing, int64_t jitter,
                    const SampleOptions& options, int64_t patch, Random& random) {
  Placement placement = PlaceAround(geometry, voxel, patch, spacing, options.grid_origin);
  for (int64_t& begin : placement.begin) {
    begin += static_cast<int64_t>(random.Below(static_cast<uint64_t>(2 * jitter + 1))) - jitter;
  }
  return placement;
}

// The patch voxel of the click; nothing unless it lies in the truth.
bool PlaceClick(const Placement& placement, const VoxelIndex& voxel, const Mask& truth, Click& click) {
  std::array<int64_t, 3> index{};
  const std::array<double, 3> at = SourceToPatch(placement, voxel);
  for (int axis = 0; axis < 3; ++axis) {
    index[axis] = std::clamp<int64_t>(std::llround(at[axis]), 0, placement.patch - 1);
  }
  click = {static_cast<float>(index[0]), static_cast<float>(index[1]), static_cast<float>(index[2]), true};
  return truth.at(index[0], index[1], index[2]);
}

// The target at a place of the patch's grid; 0 where there is none.
int64_t TargetAt(const Volume& targets, const Placement& placement, const std::array<double, 3>& at) {
  const Shape& shape = targets.geometry().shape();
  const auto within = [](int64_t at, int64_t size) { return at >= 0 && at < size; };
  const VoxelIndex voxel = PatchToSource(placement, at);
  const int64_t i = NearestVoxel(voxel.i), j = NearestVoxel(voxel.j), k = NearestVoxel(voxel.k);
  if (!within(i, shape.i) || !within(j, shape.j) || !within(k, shape.k)) return 0;
  return static_cast<int64_t>(targets.at(i, j, k));
}

std::vector<uint8_t> KindsOfCells(const Case& source, const Placement& placement, int64_t cells) {
  const double side = static_cast<double>(placement.patch) / static_cast<double>(cells);
  const auto middle = [&](int64_t cell) { return (static_cast<double>(cell) + 0.5) * side - 0.5; };
  std::vector<uint8_t> kinds;
  kinds.reserve(static_cast<size_t>(cells * cells * cells));
  for (int64_t i = 0; i < cells; ++i) {
    for (int64_t j = 0; j < cells; ++j) {
      for (int64_t k = 0; k < cells; ++k) {
        const int64_t target = TargetAt(source.targets, placement, {middle(i), middle(j), middle(k)});
        const uint8_t kind = target == 0 || source.kinds.empty()
                                 ? static_cast<uint8_t>(target > 0)
                                 : source.kinds[static_cast<size_t>(target - 1)];
        kinds.push_back(kind);
      }
    }
  }
  return kinds;
}

// Which targets the patch shows, ascending: found at random places, so that a very small one may be missed.
std::vector<int64_t> TargetsIn(const Volume& targets, const Placement& placement, Random& random) {
  constexpr int kPlaces = 256;
  std::set<int64_t> found;
  for (int n = 0; n < kPlaces; ++n) {
    std::array<double, 3> at{};
    for (double& coordinate : at) {
      coordinate = static_cast<double>(random.Below(static_cast<uint64_t>(placement.patch)));
    }
    found.insert(TargetAt(targets, placement, at));
  }
  found.erase(0);
  return {found.begin(), found.end()};
}

// A click on any voxel of the mask, each as likely.
Click AnyVoxel(const Mask& truth, Random& random) {
  std::vector<uint64_t> voxels;
  const auto all = static_cast<uint64_t>(truth.shape().voxels());
  for (uint64_t n = truth.NextVoxel(0); n < all; n = truth.NextVoxel(n + 1)) voxels.push_back(n);
  const VoxelIndex voxel = IndexOf(voxels[random.Below(voxels.size())], truth.shape());
  return {static_cast<float>(voxel.i), static_cast<float>(voxel.j), static_cast<float>(voxel.k), true};
}

// The windows of an image whose values are turned and stretched about its mean, and lie at any tone: such
// contrasts and surroundings as its own scanner does not make. A window with its ends exchanged shows bright
// as dark.
void ExchangeTones(double mean, Random& random, std::vector<IntensityWindow>& windows) {
  constexpr double kLeastGain = 0.6, kMostGain = 5;
  const double gain =
      kLeastGain * std::pow(kMostGain / kLeastGain, random.Uniform()) * (random.Uniform() < 0.5 ? 1 : -1);
  const auto wider = [](const IntensityWindow& a, const IntensityWindow& b) {
    return a.high - a.low < b.high - b.low;
  };
  const IntensityWindow widest = *std::max_element(windows.begin(), windows.end(), wider);
  const double tone = widest.low + (widest.high - widest.low) * (0.05 + 0.7 * random.Uniform());
  for (IntensityWindow& window : windows) {
    window = {mean + (window.low - tone) / gain, mean + (window.high - tone) / gain};
  }
}

PatchScaling DrawScaling(const ClickableCase& from, const SampleOptions& options, Random& random) {
  const bool unknown = options.unknown_modality > 0 && random.Uniform() < options.unknown_modality;
  PatchScaling scaling =
      ChooseScaling(options.intensities, unknown ? "" : from.source().modality, from.moments());
  if (options.other_tones > 0 && random.Uniform() < options.other_tones && !scaling.windows.empty()) {
    ExchangeTones(from.moments().mean, random, scaling.windows);
  }
  return scaling;
}

// Fills up the sample's targets, after the first.
void AddTargets(const Case& source, const Placement& placement, const SampleOptions& options, Random& random,
                TrainingSample& sample) {
  if (options.targets <= 1) return;
  const std::vector<int64_t> present = TargetsIn(source.targets, placement, random);
  while (sample.targets.size() < static_cast<size_t>(options.targets)) {
    Mask truth;
    if (!present.empty()) {
      const auto target = static_cast<double>(present[random.Below(present.size())]);
      truth = PatchLabels(source.targets, target, placement);
    }
    if (truth.CountVoxels() < static_cast<uint64_t>(options.min_voxels)) truth = sample.targets[0].truth;
    const Click click = AnyVoxel(truth, random);
    sample.targets.push_back({std::move(truth), click});
  }
}

}  // namespace

ClickableCase::ClickableCase(Case source)
    : source_(std::move(source)),
      voxels_(static_cast<size_t>(source_.target_count)),
      moments_(MeasureIntensities(source_.image)) {
  const auto count = static_cast<uint64_t>(source_.targets.geometry().shape().voxels());
  VisitSamples(source_.targets, [&](const auto* samples) {
    for (uint64_t n = 0; n < count; ++n) {
      if (samples[n] < 1 || samples[n] > source_.target_count) continue;
      voxels_[static_cast<size_t>(samples[n]) - 1].push_back(n);
    }
  });
  const double voxel_ml = source_.targets.geometry().voxel_ml();
  std::map<SizeBin, std::vector<int64_t>> by_size;
  for (size_t n = 0; n < voxels_.size(); ++n) {
    diameters_mm_.push_back(EquivalentDiameterMm(voxels_[n].size(), voxel_ml));
    if (!voxels_[n].empty()) by_size[SizeBinOf(diameters_mm_.back())].push_back(static_cast<int64_t>(n) + 1);
    Thin(voxels_[n], kMostVoxels);
  }
  for (auto& [bin, targets] : by_size) by_size_.push_back(std::move(targets));
}

int64_t ClickableCase::Draw(Random& random) const {
  if (by_size_.empty()) return 0;
  const std::vector<int64_t>& targets = by_size_[random.Below(by_size_.size())];
  return targets[random.Below(targets.size())];
}

size_t ClickableCase::bytes() const {
  size_t sum = source_.image.samples().size() + source_.targets.samples().size();
  for (const std::vector<uint64_t>& voxels : voxels_) sum += voxels.size() * sizeof(uint64_t);
  return sum;
}

absl::StatusOr<TrainingSample> DrawSample(const ClickableCase& from, const SampleOptions& options,
                                          int64_t patch, Random& random) {
  const Case& source = from.source();
  const Geometry& geometry = source.image.geometry();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const int64_t target = from.Draw(random);
    if (target == 0) break;
    const std::vector<uint64_t>& voxels = from.voxels(target);
    const VoxelIndex voxel = IndexOf(voxels[random.Below(voxels.size())], geometry.shape());
    TrainingSample sample;
    sample.has_prior = options.prior > 0 && random.Uniform() < options.prior;
    const double spacing = DrawSpacing(from.diameter_mm(target), patch, options, random);
    const int64_t jitter = sample.has_prior ? patch / 2 - 1 : options.jitter;
    const Placement placement = PlaceNear(geometry, voxel, spacing, jitter, options, patch, random);
    TrainingSample::Target first;
    first.truth = PatchLabels(source.targets, static_cast<double>(target), placement);
    if (first.truth.CountVoxels() < static_cast<uint64_t>(options.min_voxels)) continue;
    if (!PlaceClick(placement, voxel, first.truth, first.click)) continue;
    sample.targets.push_back(std::move(first));
    AddTargets(source, placement, options, random, sample);
    if (options.kind_cells > 0) sample.kinds = KindsOfCells(source, placement, options.kind_cells);
    ASSIGN_OR_RETURN(sample.patch, PreparePatch(source.image, placement, DrawScaling(from, options, random)));
    return sample;
  }
  return absl::NotFoundError(absl::StrCat("case ", source.id, " has no target of ", options.min_voxels,
                                          " voxels on the patch's grid"));
}

}  // namespace sgpsam
