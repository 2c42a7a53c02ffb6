// A random smooth function of space with values between -1 and 1 and mean about 0: what deforms outlines and
// mottles tissues. Independent random values on a lattice, blended in between. Immutable; safe to share.
#ifndef SGPSAM_TOOLS_SYNTHESIS_SMOOTH_FIELD_H_
#define SGPSAM_TOOLS_SYNTHESIS_SMOOTH_FIELD_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/synthesis/body_point.h"
#include "tools/synthesis/random.h"

namespace sgpsam::synthesis {

class SmoothField {
 public:
  // `cell`: how far apart independent values lie, in the unit of the points; the field repeats after 32
  // cells. Its slope is at most about 3 / cell.
  SmoothField(float cell, Random random) : per_unit_(1 / cell), lattice_(kCells * kCells * kCells) {
    for (float& value : lattice_) value = random.Uniform(-1, 1);
  }

  // For points within 1000 cells of the origin.
  float At(const BodyPoint& p) const {
    const Cell x(p.x * per_unit_), y(p.y * per_unit_), z(p.z * per_unit_);
    const float* below = lattice_.data() + z.low * kCells * kCells;
    const float* above = lattice_.data() + z.high * kCells * kCells;
    return Blend(InPlane(below, x, y), InPlane(above, x, y), z.weight);
  }

 private:
  static constexpr size_t kCells = 32;

  struct Cell {
    explicit Cell(float at) {
      const float shifted = at + 32 * kCells;  // positive, so that a cast rounds down
      const auto whole = static_cast<uint32_t>(shifted);
      const float t = shifted - static_cast<float>(whole);
      low = whole % kCells;
      high = (whole + 1) % kCells;
      weight = t * t * (3 - 2 * t);
    }
    size_t low, high;
    float weight;
  };

  static float Blend(float a, float b, float weight) { return a + (b - a) * weight; }
  static float InPlane(const float* plane, const Cell& x, const Cell& y) {
    const float* front = plane + y.low * kCells;
    const float* back = plane + y.high * kCells;
    return Blend(Blend(front[x.low], front[x.high], x.weight), Blend(back[x.low], back[x.high], x.weight),
                 y.weight);
  }

  float per_unit_;
  std::vector<float> lattice_;
};

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_SMOOTH_FIELD_H_
