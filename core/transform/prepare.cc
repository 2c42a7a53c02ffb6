#include "core/transform/prepare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

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

// Writes planes (source axes 0 and 1, row by row) into the patch, whose fastest axis may be any of the
// source's. Samples go out in runs of kRun along that axis, for single ones at the patch's strides, all
// large powers of two, would fall on few cache lines.
class PlaneWriter {
 public:
  PlaneWriter(const std::array<PatchAxis, 3>& axes, int64_t patch, std::vector<float>& values)
      : axes_(axes), patch_(patch), values_(values) {
    for (int s = 0; s < 3; ++s) {
      strides_[s] = axes[s].patch_axis == 0 ? patch * patch : axes[s].patch_axis == 1 ? patch : 1;
    }
    planes_.resize((strides_[2] == 1 ? kRun : 1) * plane_stride());
  }

  // Where plane z is to be written, before Done(z). Planes come in ascending order.
  float* Plane(int64_t z) { return planes_.data() + (strides_[2] == 1 ? z % kRun * plane_stride() : 0); }

  void Done(int64_t z) {
    if (strides_[2] == 1) {
      const int64_t first = std::max(axes_[2].begin, z - z % kRun);
      if (z % kRun == kRun - 1 || z + 1 == axes_[2].end) FlushPlanes(first, z + 1);
      return;
    }
    for (int64_t y = axes_[1].begin; y < axes_[1].end;) {
      const int64_t end = strides_[1] == 1 ? std::min(y + kRun, axes_[1].end) : y + 1;
      Transpose(Plane(z) + y * patch_, patch_, end - y, z * strides_[2] + y * strides_[1]);
      y = end;
    }
  }

 private:
  static constexpr int64_t kRun = 16;  // floats in a cache line

  // Beyond the plane's own size, so that kRun planes do not share cache sets.
  int64_t plane_stride() const { return patch_ * patch_ + kRun; }

  void FlushPlanes(int64_t begin, int64_t end) {
    for (int64_t y = axes_[1].begin; y < axes_[1].end; ++y) {
      Transpose(Plane(begin) + y * patch_, plane_stride(), end - begin, begin + y * strides_[1]);
    }
  }

  // Row t of `rows` becomes the t-th value of every run; runs start at to + x * strides_[0].
  void Transpose(const float* rows, int64_t row_stride, int64_t count, int64_t to) {
    for (int64_t x = axes_[0].begin; x < axes_[0].end; ++x) {
      float* run = values_.data() + to + x * strides_[0];
      for (int64_t t = 0; t < count; ++t) run[t] = rows[t * row_stride + x];
    }
  }

  const std::array<PatchAxis, 3>& axes_;  // by source axis
  const int64_t patch_;
  std::vector<float>& values_;
  std::array<int64_t, 3> strides_{};  // in the patch, by source axis
  std::vector<float> planes_;
};

// Separable trilinear sampling: rows along i, then j, then k, in the order in which samples lie in
// memory; each source row and slice is read once.
template <typename T>
class PatchSampler {
 public:
  PatchSampler(const T* samples, const Shape& shape, const Placement& placement)
      : samples_(samples), shape_(shape), axes_(PatchAxes(placement, shape)), patch_(placement.patch) {
    taps_ = {MakeTaps(axes_[0], shape.i), MakeTaps(axes_[1], shape.j), MakeTaps(axes_[2], shape.k)};
    for (int n = 0; n < 2; ++n) {
      rows_[n].resize(patch_);
      slices_[n].resize(patch_ * patch_);
    }
  }

  // Writes truncated and clamped samples into `values` (zero where nothing is written).
  void Run(const std::optional<IntensityClamp>& clamp, std::vector<float>& values) {
    PlaneWriter writer(axes_, patch_, values);
    const double low = clamp ? clamp->min : -std::numeric_limits<double>::infinity();
    const double high = clamp ? clamp->max : std::numeric_limits<double>::infinity();
    for (int64_t z = axes_[2].begin; z < axes_[2].end; ++z) {
      const Tap& tap = taps_[2][z];
      const double* a = Slice(tap.lo);
      const double* b = Slice(tap.hi);
      float* plane = writer.Plane(z);
      for (int64_t y = axes_[1].begin; y < axes_[1].end; ++y) {
        for (int64_t n = y * patch_ + axes_[0].begin; n < y * patch_ + axes_[0].end; ++n) {
          const double value = Truncated<T>(Lerp(a[n], b[n], tap.weight));
          // Not std::clamp: a NaN must come through.
          plane[n] = static_cast<float>(value < low ? low : value > high ? high : value);
        }
      }
      writer.Done(z);
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

  const T* samples_;
  const Shape shape_;
  const std::array<PatchAxis, 3> axes_;  // by source axis
  const int64_t patch_;
  std::array<std::vector<Tap>, 3> taps_;
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
  const auto size = static_cast<int64_t>(values.size());
  const float* v = values.data();
  constexpr float kMax = std::numeric_limits<float>::max();
  double sum = 0;
  float low = kMax, high = 0;
  int32_t infinite = 0, positive = 0;  // narrow, to keep the loop in vector registers
  // Without branches, and with leave to reorder: half of all branches on noise are mispredicted.
#pragma omp simd reduction(+ : sum, infinite, positive) reduction(min : low) reduction(max : high)
  for (int64_t n = 0; n < size; ++n) {
    const float above = v[n] > 0 ? v[n] : 0;
    sum += above;
    positive += v[n] > 0 ? 1 : 0;
    infinite += std::abs(v[n]) <= kMax ? 0 : 1;
    const float or_max = v[n] > 0 ? v[n] : kMax;
    low = or_max < low ? or_max : low;
    high = above > high ? above : high;
  }
  result.finite = infinite == 0;
  result.positive = positive;
  // Equal values have no deviation, however their mean is rounded.
  if (!result.finite || positive < 2 || low == high) return result;
  result.mean = sum / static_cast<double>(positive);
  const double mean = result.mean;
  double squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t n = 0; n < size; ++n) {
    const double weight = v[n] > 0 ? 1 : 0;
    squares += weight * (v[n] - mean) * (v[n] - mean);
  }
  result.standard_deviation = std::sqrt(squares / static_cast<double>(positive - 1));
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
  const double scale = 1 / statistics.standard_deviation;
  for (float& v : patch.values) v = static_cast<float>((v - statistics.mean) * scale);
  return patch;
}

}  // namespace sgpsam
