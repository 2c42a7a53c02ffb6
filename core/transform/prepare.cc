#include "core/transform/prepare.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/transform/axis_map.h"

namespace sgpsam {
namespace {

// Between which two source indices a patch coordinate reads, and how far from the first.
struct Tap {
  int64_t lo = 0, hi = 0;
  double weight = 0;
};

std::vector<Tap> MakeTaps(const PatchAxis& axis, int64_t size) {
  std::vector<Tap> taps(axis.source.size());
  for (int64_t p = axis.begin; p < axis.end; ++p) {
    const double floor = std::floor(axis.source[p]);
    Tap& tap = taps[p];
    tap.lo = std::clamp<int64_t>(static_cast<int64_t>(floor), 0, size - 1);
    tap.hi = std::min(tap.lo + 1, size - 1);
    // Within half a voxel of the border the border's value counts.
    tap.weight = floor < 0 ? 0 : axis.source[p] - floor;
  }
  return taps;
}

// Written so that equal neighbours give exactly their value, which truncation depends on.
double Lerp(double a, double b, double weight) { return a + (b - a) * weight; }

template <typename T>
double Truncated(double value) {
  if constexpr (std::is_same_v<T, uint32_t>) {
    return static_cast<double>(static_cast<int64_t>(value));
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<double>(static_cast<int32_t>(value));
  } else {
    return value;
  }
}

// Separable trilinear sampling: rows along i, then j, then k, in the order in which samples lie in
// memory; each source row and slice is read once.
template <typename T>
class PatchSampler {
 public:
  PatchSampler(const T* samples, const Shape& shape, const Placement& placement)
      : samples_(samples), shape_(shape), axes_(PatchAxes(placement, shape)), patch_(placement.patch) {
    taps_ = {MakeTaps(axes_[0], shape.i), MakeTaps(axes_[1], shape.j), MakeTaps(axes_[2], shape.k)};
    for (int s = 0; s < 3; ++s) {
      strides_[s] = axes_[s].patch_axis == 0 ? patch_ * patch_ : axes_[s].patch_axis == 1 ? patch_ : 1;
    }
    for (int n = 0; n < 2; ++n) {
      rows_[n].resize(patch_);
      slices_[n].resize(patch_ * patch_);
    }
  }

  // Writes truncated and clamped samples into `values` (zero where nothing is written).
  void Run(const std::optional<IntensityClamp>& clamp, std::vector<float>& values) {
    std::vector<float> plane(patch_ * patch_);
    const double low = clamp ? clamp->min : -std::numeric_limits<double>::infinity();
    const double high = clamp ? clamp->max : std::numeric_limits<double>::infinity();
    for (int64_t z = axes_[2].begin; z < axes_[2].end; ++z) {
      const Tap& tap = taps_[2][z];
      const double* a = Slice(tap.lo);
      const double* b = Slice(tap.hi);
      for (int64_t y = axes_[1].begin; y < axes_[1].end; ++y) {
        for (int64_t x = axes_[0].begin; x < axes_[0].end; ++x) {
          const int64_t n = y * patch_ + x;
          const double value = Truncated<T>(Lerp(a[n], b[n], tap.weight));
          // Not std::clamp: a NaN must come through.
          plane[n] = static_cast<float>(value < low ? low : value > high ? high : value);
        }
      }
      Store(plane, z, values);
    }
  }

 private:
  // The in-plane interpolation of source slice k. The two that a plane needs are neighbours, so
  // they differ in their last bit.
  const double* Slice(int64_t k) {
    std::vector<double>& slice = slices_[k & 1];
    if (slice_index_[k & 1] == k) return slice.data();
    slice_index_[k & 1] = k;
    row_index_ = {-1, -1};
    for (int64_t y = axes_[1].begin; y < axes_[1].end; ++y) {
      const Tap& tap = taps_[1][y];
      const double* a = Row(tap.lo, k);
      const double* b = Row(tap.hi, k);
      double* out = slice.data() + y * patch_;
      for (int64_t x = axes_[0].begin; x < axes_[0].end; ++x) out[x] = Lerp(a[x], b[x], tap.weight);
    }
    return slice.data();
  }

  const double* Row(int64_t j, int64_t k) {
    std::vector<double>& row = rows_[j & 1];
    if (row_index_[j & 1] == j) return row.data();
    row_index_[j & 1] = j;
    const T* source = samples_ + (k * shape_.j + j) * shape_.i;
    for (int64_t x = axes_[0].begin; x < axes_[0].end; ++x) {
      const Tap& tap = taps_[0][x];
      row[x] = Lerp(static_cast<double>(source[tap.lo]), static_cast<double>(source[tap.hi]), tap.weight);
    }
    return row.data();
  }

  void Store(const std::vector<float>& plane, int64_t z, std::vector<float>& values) const {
    for (int64_t y = axes_[1].begin; y < axes_[1].end; ++y) {
      const float* from = plane.data() + y * patch_;
      float* to = values.data() + z * strides_[2] + y * strides_[1];
      for (int64_t x = axes_[0].begin; x < axes_[0].end; ++x) to[x * strides_[0]] = from[x];
    }
  }

  const T* samples_;
  const Shape shape_;
  const std::array<PatchAxis, 3> axes_;  // by source axis
  const int64_t patch_;
  std::array<std::vector<Tap>, 3> taps_;
  std::array<int64_t, 3> strides_{};  // in the patch, by source axis
  std::array<std::vector<double>, 2> rows_, slices_;
  std::array<int64_t, 2> row_index_{{-1, -1}}, slice_index_{{-1, -1}};
};

struct Statistics {
  bool finite = true;
  int64_t positive = 0;
  double mean = 0, standard_deviation = 0;  // of the voxels > 0
};

Statistics Measure(absl::Span<const float> values) {
  Statistics result;
  double sum = 0;
  float low = std::numeric_limits<float>::infinity(), high = 0;
  for (float v : values) {
    result.finite &= std::abs(v) <= std::numeric_limits<float>::max();
    if (!(v > 0)) continue;
    ++result.positive;
    sum += v;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  // Equal values have no deviation, however their mean is rounded.
  if (!result.finite || result.positive < 2 || low == high) return result;
  result.mean = sum / static_cast<double>(result.positive);
  double squares = 0;
  for (float v : values) {
    const double deviation = v > 0 ? v - result.mean : 0;
    squares += deviation * deviation;
  }
  result.standard_deviation = std::sqrt(squares / static_cast<double>(result.positive - 1));
  return result;
}

absl::Status CheckStatistics(const Statistics& statistics) {
  if (!statistics.finite) {
    return absl::InvalidArgumentError(
        "the region around the prompts holds samples that are not finite 32-bit numbers: replace NaN and "
        "infinities first");
  }
  if (statistics.positive == 0) {
    return absl::InvalidArgumentError(
        "the region around the prompts has no sample above 0, so it cannot be normalised: check the "
        "prompts' position and the intensities (CT: Hounsfield units)");
  }
  if (!(statistics.standard_deviation > 0)) {
    return absl::InvalidArgumentError(
        "the region around the prompts is constant: its samples above 0 have a standard deviation of 0");
  }
  return absl::OkStatus();
}

absl::Status CheckClamp(const std::optional<IntensityClamp>& clamp) {
  if (!clamp || clamp->min < clamp->max) return absl::OkStatus();
  return absl::InvalidArgumentError("the intensity clamp's minimum must be less than its maximum");
}

}  // namespace

absl::StatusOr<Patch> PreparePatch(const Volume& volume, const Placement& placement,
                                   const std::optional<IntensityClamp>& clamp) {
  if (absl::Status status = CheckClamp(clamp); !status.ok()) return status;
  Patch patch;
  patch.values.resize(placement.patch * placement.patch * placement.patch);
  VisitSamples(volume, [&](const auto* samples) {
    PatchSampler sampler(samples, volume.geometry().shape(), placement);
    sampler.Run(clamp, patch.values);
  });
  const Statistics statistics = Measure(patch.values);
  if (absl::Status status = CheckStatistics(statistics); !status.ok()) return status;
  for (float& v : patch.values) {
    v = static_cast<float>((v - statistics.mean) / statistics.standard_deviation);
  }
  return patch;
}

}  // namespace sgpsam
