#include "core/transform/intensity_scaling.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace sgpsam {
namespace {

constexpr int64_t kMostSamples = int64_t{1} << 18;

struct Sums {
  double count = 0, sum = 0, squares = 0;
  void Add(double value) {
    ++count;
    sum += value;
    squares += value * value;
  }
};

IntensityMoments MomentsOf(const Sums& sums) {
  IntensityMoments moments;
  if (sums.count == 0) return moments;
  moments.mean = sums.sum / sums.count;
  const double variance = sums.squares / sums.count - moments.mean * moments.mean;
  // Below the rounding error of the squares there is no contrast.
  if (variance > 1e-12 * sums.squares / sums.count) moments.standard_deviation = std::sqrt(variance);
  return moments;
}

// The scaling of the modality, else the one without.
const IntensityScaling* Find(const std::vector<IntensityScaling>& scalings, absl::string_view modality) {
  const IntensityScaling* other = nullptr;
  for (const IntensityScaling& scaling : scalings) {
    if (scaling.modality == modality) return &scaling;
    if (scaling.modality.empty()) other = &scaling;
  }
  return other;
}

}  // namespace

IntensityMoments MeasureIntensities(const Volume& volume, const std::optional<IntensityClamp>& clamp) {
  const int64_t voxels = volume.geometry().shape().voxels();
  // Odd, so that it does not walk along a column of a volume whose sides are powers of two.
  const int64_t stride = ((voxels + kMostSamples - 1) / kMostSamples) | 1;
  Sums positive, all;
  VisitSamples(volume, [&](const auto* samples) {
    for (int64_t n = 0; n < voxels; n += stride) {
      double value = static_cast<double>(samples[n]);
      if (!std::isfinite(value)) continue;
      if (clamp && clamp->min < clamp->max) value = std::clamp(value, clamp->min, clamp->max);
      all.Add(value);
      if (value > 0) positive.Add(value);
    }
  });
  return MomentsOf(100 * positive.count >= all.count ? positive : all);
}

PatchScaling ChooseScaling(const std::vector<IntensityScaling>& scalings, absl::string_view modality,
                           const Volume& volume, const std::optional<IntensityClamp>& clamp) {
  const IntensityScaling* scaling = Find(scalings, modality);
  const bool measure = scaling != nullptr && scaling->by_deviation;
  PatchScaling chosen =
      ChooseScaling(scalings, modality, measure ? MeasureIntensities(volume, clamp) : IntensityMoments());
  chosen.clamp = clamp;
  return chosen;
}

PatchScaling ChooseScaling(const std::vector<IntensityScaling>& scalings, absl::string_view modality,
                           const IntensityMoments& moments) {
  PatchScaling chosen;
  const IntensityScaling* scaling = Find(scalings, modality);
  if (scaling == nullptr) return chosen;
  chosen.windows = scaling->windows;
  if (!scaling->by_deviation) return chosen;
  for (IntensityWindow& window : chosen.windows) {
    window = {moments.mean + window.low * moments.standard_deviation,
              moments.mean + window.high * moments.standard_deviation};
  }
  return chosen;
}

}  // namespace sgpsam
