// Where something lies in a made-up body: millimetres from the body's middle. x to the patient's left, y to
// the back, z to the head, as LPS, but not yet shifted to where the scanner sees the patient (WorldPoint).
#ifndef SGPSAM_TOOLS_SYNTHESIS_BODY_POINT_H_
#define SGPSAM_TOOLS_SYNTHESIS_BODY_POINT_H_

#include <algorithm>
#include <cmath>

namespace sgpsam::synthesis {

struct BodyPoint {
  float x = 0, y = 0, z = 0;
};

inline BodyPoint operator+(const BodyPoint& a, const BodyPoint& b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}
inline BodyPoint operator-(const BodyPoint& a, const BodyPoint& b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
inline BodyPoint operator*(const BodyPoint& a, float factor) {
  return {a.x * factor, a.y * factor, a.z * factor};
}
inline float Dot(const BodyPoint& a, const BodyPoint& b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline float Length(const BodyPoint& a) { return std::sqrt(Dot(a, a)); }
inline BodyPoint Lerp(const BodyPoint& a, const BodyPoint& b, float t) { return a + (b - a) * t; }

// An axis-aligned box.
struct Bounds {
  BodyPoint low, high;

  Bounds Grown(float mm) const { return {low - BodyPoint{mm, mm, mm}, high + BodyPoint{mm, mm, mm}}; }
  Bounds With(const Bounds& other) const {
    return {{std::min(low.x, other.low.x), std::min(low.y, other.low.y), std::min(low.z, other.low.z)},
            {std::max(high.x, other.high.x), std::max(high.y, other.high.y), std::max(high.z, other.high.z)}};
  }
};

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_BODY_POINT_H_
