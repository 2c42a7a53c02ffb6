#include "core/volume/distance_map.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sgpsam {
namespace {

constexpr float kFar = std::numeric_limits<float>::infinity();

// Along i the sources are all there is: one look forwards and one backwards, in voxels.
void AlongRow(const uint8_t* sources, float* out, int64_t size, double spacing) {
  constexpr int32_t kNone = 1 << 30;  // more steps than a row has
  int32_t steps = kNone;
  for (int64_t i = 0; i < size; ++i) {
    steps = sources[i] != 0 ? 0 : steps + 1;
    out[i] = static_cast<float>(steps);
  }
  steps = kNone;
  const double weight = spacing * spacing;
  for (int64_t i = size - 1; i >= 0; --i) {
    steps = sources[i] != 0 ? 0 : steps + 1;
    const double nearest = std::min(out[i], static_cast<float>(steps));
    out[i] = nearest >= kNone ? kFar : static_cast<float>(weight * nearest * nearest);
  }
}

// Replaces the values f(q) of lines by the least of f(p) + (spacing (q - p))² over all p of the line.
class LineTransform {
 public:
  LineTransform(int64_t size, double spacing)
      : size_(size), weight_(spacing * spacing), parabolas_(static_cast<size_t>(size)) {
    halves_.push_back(0);
    for (int64_t n = 1; n < size; ++n) halves_.push_back(0.5 / static_cast<double>(n));
  }

  // Lines side by side: line n has its values at lines + n + q * stride.
  void Run(float* lines, int64_t count, int64_t stride) {
    const auto reach = static_cast<int64_t>(std::sqrt(Greatest(lines, count, stride) / weight_));
    if (reach <= kNear) return RunNear(lines, count, stride, reach);
    for (int64_t n = 0; n < count; ++n) RunLine(lines + n, stride);
  }

 private:
  struct Parabola {
    int64_t centre;
    double from;    // where it becomes the lowest
    double value;   // at its centre
    double height;  // value / weight + centre²: what comparing two of them takes
  };

  // A parabola reaches no further than the greatest value is high. Up to kNear voxels, comparing with all
  // of them, many lines in one instruction, is faster than finding the envelope of each line.
  static constexpr int64_t kNear = 16;

  // Beyond the reach of every line, infinity included, counts as just that.
  float Greatest(const float* lines, int64_t count, int64_t stride) const {
    const auto bound = static_cast<float>(weight_ * (kNear + 1) * (kNear + 1));
    float greatest = 0;
    for (int64_t q = 0; q < size_ && greatest < bound; ++q) {
      const float* values = lines + q * stride;
#pragma omp simd reduction(max : greatest)
      for (int64_t n = 0; n < count; ++n) greatest = values[n] > greatest ? values[n] : greatest;
    }
    return std::min(greatest, bound);
  }

  void RunNear(float* lines, int64_t count, int64_t stride, int64_t reach) {
    before_.resize(static_cast<size_t>(size_ * count));
    for (int64_t q = 0; q < size_; ++q) std::copy_n(lines + q * stride, count, before_.data() + q * count);
    for (int64_t q = 0; q < size_; ++q) {
      float* out = lines + q * stride;
      for (int64_t p = std::max<int64_t>(q - reach, 0); p <= std::min(q + reach, size_ - 1); ++p) {
        const auto distance = static_cast<double>(q - p);
        const auto rise = static_cast<float>(weight_ * distance * distance);
        const float* in = before_.data() + p * count;
        for (int64_t n = 0; n < count; ++n) out[n] = std::min(out[n], in[n] + rise);
      }
    }
  }

  void RunLine(float* line, int64_t stride) {
    const size_t count = FindEnvelope(line, stride);
    if (count == 0) return;  // no source on this line
    size_t n = 0;
    for (int64_t q = 0; q < size_; ++q) {
      while (n + 1 < count && parabolas_[n + 1].from < static_cast<double>(q)) ++n;
      const auto distance = static_cast<double>(q - parabolas_[n].centre);
      line[q * stride] = static_cast<float>(parabolas_[n].value + weight_ * distance * distance);
    }
  }

  // The parabolas of which at least one point is lower than all others, from left to right.
  size_t FindEnvelope(const float* line, int64_t stride) {
    const double per_weight = 1 / weight_;
    size_t count = 0;
    for (int64_t q = 0; q < size_; ++q) {
      const float value = line[q * stride];
      if (value == kFar) continue;
      const double height = value * per_weight + static_cast<double>(q * q);
      double from = -std::numeric_limits<double>::infinity();
      for (; count > 0; --count) {
        const Parabola& last = parabolas_[count - 1];
        const double meet = (height - last.height) * halves_[static_cast<size_t>(q - last.centre)];
        if (meet > last.from) {
          from = meet;
          break;
        }
      }
      parabolas_[count++] = {q, from, value, height};
    }
    return count;
  }

  int64_t size_;
  double weight_;
  std::vector<Parabola> parabolas_;
  std::vector<double> halves_;  // 1 / 2n
  std::vector<float> before_;
};

}  // namespace

std::vector<float> SquaredDistances(const Shape& shape, absl::Span<const uint8_t> sources,
                                    const std::array<double, 3>& spacing_mm) {
  std::vector<float> map(sources.size());
  const int64_t slice = shape.i * shape.j;
  for (int64_t row = 0; row < shape.j * shape.k; ++row) {
    AlongRow(sources.data() + row * shape.i, map.data() + row * shape.i, shape.i, spacing_mm[0]);
  }
  LineTransform along_j(shape.j, spacing_mm[1]);
  for (int64_t k = 0; k < shape.k; ++k) along_j.Run(map.data() + k * slice, shape.i, shape.i);
  LineTransform along_k(shape.k, spacing_mm[2]);
  for (int64_t j = 0; j < shape.j; ++j) along_k.Run(map.data() + j * shape.i, shape.i, slice);
  return map;
}

DistanceMap DistanceToMask(const Mask& mask, const VoxelBox& box, const std::array<double, 3>& spacing_mm) {
  return {box, SquaredDistances(box.shape(), FlagsIn(box, mask), spacing_mm)};
}

}  // namespace sgpsam
