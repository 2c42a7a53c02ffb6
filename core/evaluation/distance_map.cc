#include "core/evaluation/distance_map.h"

#include <algorithm>
#include <limits>

namespace sgpsam {
namespace {

constexpr float kFar = std::numeric_limits<float>::infinity();

// Along i the sources are all there is: one look forwards and one backwards, in voxels.
void AlongRow(const uint8_t* sources, float* out, int64_t size, double spacing) {
  float steps = kFar;
  for (int64_t i = 0; i < size; ++i) out[i] = steps = sources[i] != 0 ? 0 : steps + 1;
  steps = kFar;
  for (int64_t i = size - 1; i >= 0; --i) {
    steps = sources[i] != 0 ? 0 : steps + 1;
    const double nearest = std::min(out[i], steps);
    out[i] = static_cast<float>(spacing * spacing * nearest * nearest);
  }
}

// Replaces the values f(q) of a line by the least of f(p) + (spacing (q - p))² over all p.
class LineTransform {
 public:
  LineTransform(int64_t size, double spacing)
      : size_(size), weight_(spacing * spacing), parabolas_(static_cast<size_t>(size)) {
    halves_.push_back(0);
    for (int64_t n = 1; n < size; ++n) halves_.push_back(0.5 / static_cast<double>(n));
  }

  void Run(float* line, int64_t stride) {
    const size_t count = FindEnvelope(line, stride);
    if (count == 0) return;  // no source in sight
    size_t n = 0;
    for (int64_t q = 0; q < size_; ++q) {
      while (n + 1 < count && parabolas_[n + 1].from < static_cast<double>(q)) ++n;
      const auto distance = static_cast<double>(q - parabolas_[n].centre);
      line[q * stride] = static_cast<float>(parabolas_[n].value + weight_ * distance * distance);
    }
  }

 private:
  struct Parabola {
    int64_t centre;
    double from;    // where it becomes the lowest
    double value;   // at its centre
    double height;  // value / weight + centre²: what comparing two of them takes
  };

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
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t i = 0; i < shape.i; ++i) along_j.Run(map.data() + k * slice + i, shape.i);
  }
  LineTransform along_k(shape.k, spacing_mm[2]);
  for (int64_t n = 0; n < slice; ++n) along_k.Run(map.data() + n, slice);
  return map;
}

DistanceMap DistanceToMask(const Mask& mask, const VoxelBox& box, const std::array<double, 3>& spacing_mm) {
  return {box, SquaredDistances(box.shape(), FlagsIn(box, mask), spacing_mm)};
}

}  // namespace sgpsam
