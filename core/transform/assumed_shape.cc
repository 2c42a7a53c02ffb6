#include "core/transform/assumed_shape.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "core/transform/prompt_extent.h"

namespace sgpsam {
namespace {

using Point = std::array<double, 3>;  // in patch voxels

// In patch voxels, which are as long on each axis; round about one axis of any direction, or along the axes.
struct Ellipsoid {
  Point middle{};
  Point half{};   // along each axis of the patch; or all as wide as the ellipsoid is about `along`
  Point along{};  // of length 1, or 0 without one
  double half_along = 0;

  bool Holds(const Point& at) const {
    Point from{};
    double length = 0;
    for (int a = 0; a < 3; ++a) {
      from[a] = at[a] - middle[a];
      length += from[a] * along[a];
    }
    double sum = half_along > 0 ? std::pow(length / half_along, 2) : 0;
    for (int a = 0; a < 3; ++a) sum += std::pow((from[a] - length * along[a]) / half[a], 2);
    return sum <= 1;
  }
  double Reach() const { return std::max({half[0], half[1], half[2], half_along}); }
};

Ellipsoid InBox(const Geometry& geometry, const Placement& placement, const ResolvedBox& box) {
  const auto face = [&](const Voxel& voxel) {
    return SourceToPatch(placement, {static_cast<double>(voxel.i) - 0.5, static_cast<double>(voxel.j) - 0.5,
                                     static_cast<double>(voxel.k) - 0.5});
  };
  const Point begin = face(box.voxels.begin), end = face(box.voxels.end);
  Ellipsoid ellipsoid;
  for (int a = 0; a < 3; ++a) {
    ellipsoid.middle[a] = (begin[a] + end[a]) / 2;
    ellipsoid.half[a] = std::abs(end[a] - begin[a]) / 2;
  }
  const int flat = FlatAxis(box, geometry.shape());
  for (int a = 0; a < 3; ++a) {
    if (placement.grid.source_axis[a] != flat) continue;
    const double shorter = std::min(ellipsoid.half[(a + 1) % 3], ellipsoid.half[(a + 2) % 3]);
    ellipsoid.half[a] = std::max(ellipsoid.half[a], shorter);
  }
  return ellipsoid;
}

Ellipsoid AboutLine(const Placement& placement, const ResolvedLine& line) {
  const Point a = SourceToPatch(placement, line.a), b = SourceToPatch(placement, line.b);
  const double length = std::hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]);
  Ellipsoid ellipsoid;
  ellipsoid.half_along = length / 2;
  ellipsoid.half.fill(kLineWidth * length / 2);
  for (int axis = 0; axis < 3; ++axis) {
    ellipsoid.middle[axis] = (a[axis] + b[axis]) / 2;
    if (length > 0) ellipsoid.along[axis] = (b[axis] - a[axis]) / length;
  }
  return ellipsoid;
}

void Add(const Ellipsoid& ellipsoid, PatchMask& mask) {
  if (ellipsoid.Reach() <= 0) return;
  std::array<int64_t, 3> low{}, high{};
  for (int a = 0; a < 3; ++a) {
    const double reach = std::min(ellipsoid.Reach(), 2.0 * static_cast<double>(mask.side()));
    const auto inside = [&](double at) {
      return static_cast<int64_t>(std::clamp(at, 0.0, static_cast<double>(mask.side() - 1)));
    };
    low[a] = inside(std::floor(ellipsoid.middle[a] - reach));
    high[a] = inside(std::ceil(ellipsoid.middle[a] + reach));
  }
  for (int64_t i = low[0]; i <= high[0]; ++i) {
    for (int64_t j = low[1]; j <= high[1]; ++j) {
      for (int64_t k = low[2]; k <= high[2]; ++k) {
        const Point at{static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)};
        if (ellipsoid.Holds(at)) mask.Set({i, j, k});
      }
    }
  }
}

}  // namespace

PatchMask AssumedShape(const Geometry& geometry, const Placement& placement, const ResolvedPrompts& prompts) {
  PatchMask mask(placement.patch);
  for (const ResolvedBox& box : prompts.boxes) {
    if (box.positive) Add(InBox(geometry, placement, box), mask);
  }
  for (const ResolvedLine& line : prompts.lines) Add(AboutLine(placement, line), mask);
  return mask;
}

}  // namespace sgpsam
