#include "client/cli/preview/window.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_format.h"

namespace sgpsam::cli {
namespace {

// Usual display windows, in Hounsfield units.
constexpr Window kSoftTissue{-160, 240, false, " HU"};
constexpr Window kLung{-1350, 150, false, " HU"};
constexpr Window kBone{-500, 1300, false, " HU"};
constexpr double kLungBelow = -500, kBoneAbove = 300;
constexpr double kAir = -900;             // a volume that reaches down to here is taken for CT
constexpr int64_t kMaxSamples = 200'000;  // enough for percentiles

double Percentile(std::vector<double>& values, double fraction) {
  if (values.empty()) return 0;
  const auto nth = values.begin() + static_cast<ptrdiff_t>(fraction * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

std::vector<double> SamplesOf(const Volume& volume) {
  const int64_t voxels = volume.geometry().shape().voxels();
  const int64_t stride = std::max<int64_t>(1, voxels / kMaxSamples);
  std::vector<double> samples;
  VisitSamples(volume, [&](const auto* data) {
    for (int64_t n = 0; n < voxels; n += stride) {
      if (std::isfinite(static_cast<double>(data[n]))) samples.push_back(static_cast<double>(data[n]));
    }
  });
  return samples;
}

std::vector<double> SamplesInSegments(const Scene& scene) {
  const Shape& shape = scene.volume.geometry().shape();
  std::vector<double> samples;
  for (const DrawnSegment& segment : scene.segments) {
    for (int64_t k = 0; k < shape.k; ++k) {
      if (segment.mask.CountVoxelsInSlice(k) == 0) continue;
      for (int64_t j = 0; j < shape.j; ++j) {
        for (int64_t i = 0; i < shape.i; ++i) {
          if (segment.mask.at(i, j, k)) samples.push_back(scene.volume.at(i, j, k));
        }
      }
    }
  }
  return samples;
}

Window CtWindow(const Scene& scene) {
  std::vector<double> inside = SamplesInSegments(scene);
  if (inside.empty()) return kSoftTissue;
  const double median = Percentile(inside, 0.5);
  if (median < kLungBelow) return kLung;
  return median > kBoneAbove ? kBone : kSoftTissue;
}

}  // namespace

uint8_t Window::Gray(double value) const {
  const double part = std::clamp((value - low) / (high - low), 0.0, 1.0);
  if (std::isnan(part)) return 0;
  return static_cast<uint8_t>(std::lround(255 * (inverted ? 1 - part : part)));
}

std::string DescribeWindow(const Window& window) {
  if (window.inverted)
    return absl::StrFormat("%.4g to %.4g%s, dark is high", window.low, window.high, window.unit);
  return absl::StrFormat("W %.4g L %.4g%s", window.high - window.low, (window.low + window.high) / 2,
                         window.unit);
}

Window ChooseWindow(const Scene& scene) {
  std::vector<double> samples = SamplesOf(scene.volume);
  const double darkest = Percentile(samples, 0.01), brightest = Percentile(samples, 0.995);
  if (scene.modality == "CT" || (scene.modality.empty() && darkest <= kAir)) return CtWindow(scene);
  Window window{darkest, brightest};
  if (scene.modality == "PT") window = {0, brightest, true, ""};
  if (!(window.high > window.low)) window.high = window.low + 1;
  return window;
}

}  // namespace sgpsam::cli
