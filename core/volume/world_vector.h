// Sums, products and lengths of positions and steps in the patient (LPS mm). Pure functions.
#ifndef SGPSAM_CORE_VOLUME_WORLD_VECTOR_H_
#define SGPSAM_CORE_VOLUME_WORLD_VECTOR_H_

#include <cmath>

#include "core/volume/geometry.h"

namespace sgpsam {

inline WorldPoint operator+(const WorldPoint& a, const WorldPoint& b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}
inline WorldPoint operator-(const WorldPoint& a, const WorldPoint& b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
inline WorldPoint operator*(const WorldPoint& a, double factor) {
  return {a.x * factor, a.y * factor, a.z * factor};
}
inline WorldPoint operator/(const WorldPoint& a, double divisor) {
  return {a.x / divisor, a.y / divisor, a.z / divisor};
}
inline double Dot(const WorldPoint& a, const WorldPoint& b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline double Length(const WorldPoint& a) { return std::sqrt(Dot(a, a)); }
// Far positions included: what is squared does not overflow.
inline double Distance(const WorldPoint& a, const WorldPoint& b) {
  return std::hypot(a.x - b.x, a.y - b.y, a.z - b.z);
}
inline WorldPoint Cross(const WorldPoint& a, const WorldPoint& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

}  // namespace sgpsam

#endif  // SGPSAM_CORE_VOLUME_WORLD_VECTOR_H_
