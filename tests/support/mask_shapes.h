// Masks of simple shapes, and loops over voxels.
#ifndef SGPSAM_TESTS_SUPPORT_MASK_SHAPES_H_
#define SGPSAM_TESTS_SUPPORT_MASK_SHAPES_H_

#include <array>
#include <cstdint>

#include "core/base/random.h"
#include "core/volume/mask.h"
#include "core/volume/voxel_runs.h"

namespace sgpsam {

template <typename Visitor>
void ForEachVoxel(const Shape& shape, Visitor&& visit) {
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) visit(Voxel{i, j, k});
    }
  }
}

inline bool Has(const Mask& mask, const Voxel& v) { return mask.at(v.i, v.j, v.k); }

// The voxels for which `inside(voxel)`.
template <typename Inside>
Mask MaskWhere(const Shape& shape, Inside&& inside) {
  Mask mask(shape);
  ForEachVoxel(shape, [&](const Voxel& v) {
    if (inside(v)) mask.Set(v.i, v.j, v.k);
  });
  return mask;
}

inline Mask BoxMask(const Shape& shape, const Voxel& begin, const Voxel& end) {
  return MaskWhere(shape, [&](const Voxel& v) {
    return v.i >= begin.i && v.i < end.i && v.j >= begin.j && v.j < end.j && v.k >= begin.k && v.k < end.k;
  });
}

inline Mask BallMask(const Shape& shape, const Voxel& centre, double radius) {
  return MaskWhere(shape, [&](const Voxel& v) {
    const auto x = static_cast<double>(v.i - centre.i), y = static_cast<double>(v.j - centre.j),
               z = static_cast<double>(v.k - centre.k);
    return x * x + y * y + z * z <= radius * radius;
  });
}

// Each voxel with this probability.
inline Mask NoiseMask(const Shape& shape, double probability, Random& random) {
  return MaskWhere(shape, [&](const Voxel&) { return random.Uniform() < probability; });
}

inline Mask Moved(const Mask& mask, const Voxel& by) {
  const Shape& shape = mask.shape();
  return MaskWhere(shape, [&](const Voxel& v) {
    const Voxel from{v.i - by.i, v.j - by.j, v.k - by.k};
    return from.i >= 0 && from.j >= 0 && from.k >= 0 && from.i < shape.i && from.j < shape.j &&
           from.k < shape.k && Has(mask, from);
  });
}

inline double SquaredDistance(const Voxel& a, const Voxel& b, const std::array<double, 3>& spacing_mm) {
  const double x = static_cast<double>(a.i - b.i) * spacing_mm[0];
  const double y = static_cast<double>(a.j - b.j) * spacing_mm[1];
  const double z = static_cast<double>(a.k - b.k) * spacing_mm[2];
  return x * x + y * y + z * z;
}

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_MASK_SHAPES_H_
