#include "core/transform/prepare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/for_each_processor.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/transform/axis_map.h"
#include "core/volume/interpolate.h"

namespace sgpsam {
namespace {

// By patch coordinate; those outside [axis.begin, axis.end) read nothing.
std::vector<Tap<double>> MakeTaps(const PatchAxis& axis, int64_t size) {
  std::vector<Tap<double>> taps(axis.source.size());
  for (int64_t p = axis.begin; p < axis.end; ++p) taps[p] = TapAt<double>(axis.source[p], size);
  return taps;
}

SGPSAM_FOR_EACH_PROCESSOR
void LerpRow(const double* a, const double* b, double weight, int64_t count, double* out) {
  for (int64_t n = 0; n < count; ++n) out[n] = Lerp(a[n], b[n], weight);
}

// The taps of one row, as vectors of their members: indices from the row's first sample that is read.
struct RowTaps {
  int64_t first = 0, samples = 0;
  std::vector<int32_t> lo, hi;
  std::vector<double> weight;

  RowTaps() = default;
  RowTaps(const std::vector<Tap<double>>& taps, const PatchAxis& axis) {
    if (axis.begin >= axis.end) return;
    first = taps[axis.begin].lo;
    for (int64_t x = axis.begin; x < axis.end; ++x) first = std::min(first, taps[x].lo);
    for (int64_t x = axis.begin; x < axis.end; ++x) {
      lo.push_back(static_cast<int32_t>(taps[x].lo - first));
      hi.push_back(static_cast<int32_t>(taps[x].hi - first));
      weight.push_back(taps[x].weight);
      samples = std::max(samples, taps[x].hi - first + 1);
    }
  }
};

template <typename T>
SGPSAM_FOR_EACH_PROCESSOR void Widen(const T* from, int64_t count, double* to) {
  for (int64_t n = 0; n < count; ++n) to[n] = static_cast<double>(from[n]);
}

SGPSAM_FOR_EACH_PROCESSOR
void LerpTaps(const double* row, const int32_t* lo, const int32_t* hi, const double* weight, int64_t count,
              double* out) {
  for (int64_t x = 0; x < count; ++x) out[x] = Lerp(row[lo[x]], row[hi[x]], weight[x]);
}

struct Limits {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};

// Not std::clamp: a NaN must come through.
inline float Limited(double value, const Limits& limits) {
  return static_cast<float>(value < limits.low ? limits.low : value > limits.high ? limits.high : value);
}

SGPSAM_FOR_EACH_PROCESSOR
void LerpToFloat(const double* a, const double* b, double weight, Limits limits, int64_t count, float* out) {
  for (int64_t n = 0; n < count; ++n) out[n] = Limited(Lerp(a[n], b[n], weight), limits);
}

SGPSAM_FOR_EACH_PROCESSOR
void LerpToTruncatedFloat(const double* a, const double* b, double weight, Limits limits, int64_t count,
                          float* out) {
  for (int64_t n = 0; n < count; ++n) out[n] = Limited(std::trunc(Lerp(a[n], b[n], weight)), limits);
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
    row_taps_ = RowTaps(taps_[0], axes_[0]);
    source_row_.resize(row_taps_.samples);
    for (int n = 0; n < 2; ++n) {
      rows_[n].resize(patch_);
      slices_[n].resize(patch_ * patch_);
    }
  }

  // Writes samples into `values`, if wished truncated, and clamped; leaves what lies outside the volume.
  void Run(bool truncate, const std::optional<IntensityClamp>& clamp, std::vector<float>& values) {
    PlaneWriter writer(axes_, patch_, values);
    const Limits limits = clamp ? Limits{clamp->min, clamp->max} : Limits{};
    const auto lerp = truncate && std::is_integral_v<T> ? LerpToTruncatedFloat : LerpToFloat;
    const int64_t begin = axes_[0].begin, count = std::max<int64_t>(axes_[0].end - begin, 0);
    for (int64_t z = axes_[2].begin; z < axes_[2].end; ++z) {
      const Tap<double>& tap = taps_[2][z];
      const double* a = Slice(tap.lo);
      const double* b = Slice(tap.hi);
      float* plane = writer.Plane(z);
      for (int64_t y = axes_[1].begin; y < axes_[1].end; ++y) {
        const int64_t n = y * patch_ + begin;
        lerp(a + n, b + n, tap.weight, limits, count, plane + n);
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
      const Tap<double>& tap = taps_[1][y];
      const double* a = Row(tap.lo, k);
      const double* b = Row(tap.hi, k);
      const int64_t begin = axes_[0].begin, count = std::max<int64_t>(axes_[0].end - begin, 0);
      LerpRow(a + begin, b + begin, tap.weight, count, slice.data() + y * patch_ + begin);
    }
    return slice.data();
  }

  const double* Row(int64_t j, int64_t k) {
    std::vector<double>& row = rows_[j & 1];
    if (row_index_[j & 1] == j) return row.data();
    row_index_[j & 1] = j;
    const T* source = samples_ + (k * shape_.j + j) * shape_.i + row_taps_.first;
    Prefetch(source, j);
    Widen(source, row_taps_.samples, source_row_.data());
    LerpTaps(source_row_.data(), row_taps_.lo.data(), row_taps_.hi.data(), row_taps_.weight.data(),
             static_cast<int64_t>(row_taps_.lo.size()), row.data() + axes_[0].begin);
    return row.data();
  }

  // Rows are read once, a few cache lines each and far apart: the processor foresees none of it.
  void Prefetch(const T* row, int64_t j) const {
    constexpr int64_t kRowsAhead = 8, kLine = 64 / static_cast<int64_t>(sizeof(T));
    if (j + kRowsAhead >= shape_.j) return;
    const T* ahead = row + kRowsAhead * shape_.i;
    for (int64_t n = 0; n < row_taps_.samples; n += kLine) __builtin_prefetch(ahead + n);
  }

  const T* samples_;
  const Shape shape_;
  const std::array<PatchAxis, 3> axes_;  // by source axis
  const int64_t patch_;
  std::array<std::vector<Tap<double>>, 3> taps_;
  RowTaps row_taps_;
  std::vector<double> source_row_;  // the samples of one row that are read
  std::array<std::vector<double>, 2> rows_, slices_;
  std::array<int64_t, 2> row_index_{{-1, -1}}, slice_index_{{-1, -1}};
};

struct Statistics {
  bool finite = true;
  int64_t positive = 0;
  double mean = 0, standard_deviation = 0;  // of the voxels > 0
};

SGPSAM_FOR_EACH_PROCESSOR
Statistics Measure(const float* v, int64_t size) {
  Statistics result;
  constexpr double kMax = std::numeric_limits<double>::max();
  double sum = 0, positive = 0, not_finite = 0, low = kMax, high = 0;  // one type: the loop stays in vectors
  // Without branches, and with leave to reorder: half of all branches on noise are mispredicted.
#pragma omp simd reduction(+ : sum, positive, not_finite) reduction(min : low) reduction(max : high)
  for (int64_t n = 0; n < size; ++n) {
    const double value = v[n], above = value > 0 ? value : 0, or_max = value > 0 ? value : kMax;
    sum += above;
    positive += value > 0 ? 1.0 : 0.0;
    not_finite += value * 0;  // NaN for NaN and infinities
    low = or_max < low ? or_max : low;
    high = above > high ? above : high;
  }
  result.finite = not_finite == 0;
  result.positive = static_cast<int64_t>(positive);
  // Equal values have no deviation, however their mean is rounded.
  if (!result.finite || positive < 2 || low == high) return result;
  result.mean = sum / positive;
  const double mean = result.mean;
  double squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t n = 0; n < size; ++n) {
    const double weight = v[n] > 0 ? 1 : 0;
    squares += weight * (v[n] - mean) * (v[n] - mean);
  }
  result.standard_deviation = std::sqrt(squares / (positive - 1));
  return result;
}

SGPSAM_FOR_EACH_PROCESSOR
void Normalise(double mean, double scale, int64_t size, float* values) {
  for (int64_t n = 0; n < size; ++n) values[n] = static_cast<float>((values[n] - mean) * scale);
}

absl::Status CheckFinite(const Statistics& statistics) {
  if (statistics.finite) return absl::OkStatus();
  return InvalidArgument(
      Reason::kUnusableRegion,
      "the region around the prompts holds samples that are not finite 32-bit numbers: replace NaN and "
      "infinities first");
}

absl::Status CheckStatistics(const Statistics& statistics) {
  if (statistics.positive == 0) {
    return InvalidArgument(
        Reason::kUnusableRegion,
        "the region around the prompts has no sample above 0, so it cannot be normalised: check the "
        "prompts' position and the intensities (CT: Hounsfield units)");
  }
  if (!(statistics.standard_deviation > 0)) {
    return InvalidArgument(
        Reason::kUnusableRegion,
        "the region around the prompts is constant: its samples above 0 have a standard deviation of 0");
  }
  return absl::OkStatus();
}

absl::Status CheckClamp(const std::optional<IntensityClamp>& clamp) {
  if (!clamp || clamp->min < clamp->max) return absl::OkStatus();
  return absl::InvalidArgumentError("the intensity clamp's minimum must be less than its maximum");
}

SGPSAM_FOR_EACH_PROCESSOR
void ApplyWindow(const float* samples, IntensityWindow window, int64_t size, float* out) {
  const auto middle = static_cast<float>((window.low + window.high) / 2);
  const auto scale = static_cast<float>(2 / (window.high - window.low));
  for (int64_t n = 0; n < size; ++n) {
    const float value = (samples[n] - middle) * scale;
    out[n] = value < -1 ? -1 : value > 1 ? 1 : value;
  }
}

// What is beyond the dark end of every window, which all have on the same side.
float Outside(const std::vector<IntensityWindow>& windows) {
  double end = 0;
  for (const IntensityWindow& window : windows) {
    end = window.low < window.high ? std::min(end, window.low) : std::max(end, window.low);
  }
  return static_cast<float>(end);
}

// [channel, i, j, k] of samples [i, j, k]
std::vector<float> ApplyWindows(const std::vector<float>& samples,
                                const std::vector<IntensityWindow>& windows) {
  std::vector<float> channels(windows.size() * samples.size());
  for (size_t n = 0; n < windows.size(); ++n) {
    ApplyWindow(samples.data(), windows[n], static_cast<int64_t>(samples.size()),
                channels.data() + n * samples.size());
  }
  return channels;
}

}  // namespace

absl::StatusOr<Patch> PreparePatch(const Volume& volume, const Placement& placement,
                                   const PatchScaling& scaling) {
  RETURN_IF_ERROR(CheckClamp(scaling.clamp));
  const bool windows = !scaling.windows.empty();
  Patch patch;
  patch.values.assign(placement.patch * placement.patch * placement.patch, Outside(scaling.windows));
  VisitSamples(volume, [&](const auto* samples) {
    PatchSampler sampler(samples, volume.geometry().shape(), placement);
    sampler.Run(/*truncate=*/!windows, scaling.clamp, patch.values);
  });
  const auto size = static_cast<int64_t>(patch.values.size());
  const Statistics statistics = Measure(patch.values.data(), size);
  RETURN_IF_ERROR(CheckFinite(statistics));
  if (windows) return Patch{ApplyWindows(patch.values, scaling.windows)};
  RETURN_IF_ERROR(CheckStatistics(statistics));
  Normalise(statistics.mean, 1 / statistics.standard_deviation, size, patch.values.data());
  return patch;
}

}  // namespace sgpsam
