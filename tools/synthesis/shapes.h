// The shapes that bodies are made of, as signed distances in millimetres: negative inside, 0 on the surface,
// right near the surface and never changing faster than the way that was gone (Canvas::Fill relies on it).
// Pure values.
#ifndef SGPSAM_TOOLS_SYNTHESIS_SHAPES_H_
#define SGPSAM_TOOLS_SYNTHESIS_SHAPES_H_

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/types/span.h"
#include "tools/synthesis/body_point.h"
#include "tools/synthesis/random.h"

namespace sgpsam::synthesis {

// Three directions at right angles.
struct Axes {
  BodyPoint u{1, 0, 0}, v{0, 1, 0}, w{0, 0, 1};

  BodyPoint ToLocal(const BodyPoint& p) const { return {Dot(u, p), Dot(v, p), Dot(w, p)}; }
};

// The body's axes turned about x, then about y, then about z (radians).
Axes TurnedAxes(float about_x, float about_y, float about_z);
Axes RandomAxes(Random& random);

// The union of two shapes whose seam is filled over `width` mm.
inline float SmoothUnion(float a, float b, float width) {
  const float h = std::max(0.0f, width - std::abs(a - b)) / width;
  return std::min(a, b) - h * h * width * 0.25f;
}
// What is in both, with its edge rounded over `width` mm.
inline float SmoothIntersection(float a, float b, float width) { return -SmoothUnion(-a, -b, width); }

struct Ellipsoid {
  BodyPoint centre, radii;
  Axes axes = {};

  float Distance(const BodyPoint& p) const {
    const BodyPoint q = axes.ToLocal(p - centre);
    const BodyPoint unit{q.x / radii.x, q.y / radii.y, q.z / radii.z};
    const float k = Length(unit);
    const float slope = Length({unit.x / radii.x, unit.y / radii.y, unit.z / radii.z});
    const float smallest = std::min({radii.x, radii.y, radii.z});
    const float near = slope > 0 ? k * (k - 1) / slope : -smallest;  // right near the surface
    if (near > -kNear) return near;
    return std::max(near, std::min(-kNear, (k - 1) * smallest));  // deeper inside: not too far from it
  }
  Bounds bounds() const {
    const float reach = std::max({radii.x, radii.y, radii.z});
    return Bounds{centre, centre}.Grown(reach);
  }

 private:
  static constexpr float kNear = 2;
};

// An endless pillar along z with an elliptic section, which is turned about z (radians).
class Pillar {
 public:
  Pillar(float half_x, float half_y, float turn = 0)
      : per_x_(1 / half_x), per_y_(1 / half_y), cosine_(std::cos(turn)), sine_(std::sin(turn)) {}

  // x, y: seen from its middle.
  float Distance(float x, float y) const {
    const float u = (cosine_ * x + sine_ * y) * per_x_, v = (cosine_ * y - sine_ * x) * per_y_;
    const float k = std::sqrt(u * u + v * v);
    const float slope = std::sqrt(u * u * per_x_ * per_x_ + v * v * per_y_ * per_y_);
    return (k - 1) * k / std::max(1e-6f, slope);
  }

 private:
  float per_x_, per_y_, cosine_, sine_;
};

// A segment with round ends, thinner or thicker towards its end.
struct Capsule {
  BodyPoint from, to;
  float from_radius = 1, to_radius = 1;

  float Distance(const BodyPoint& p) const {
    const BodyPoint along = to - from, q = p - from;
    const float t = std::clamp(Dot(q, along) / std::max(1e-6f, Dot(along, along)), 0.0f, 1.0f);
    return Length(q - along * t) - (from_radius + (to_radius - from_radius) * t);
  }
  Bounds bounds() const { return Bounds{from, from}.With({to, to}).Grown(std::max(from_radius, to_radius)); }
};

// A box whose edges are rounded by `rounding` mm, which is at most its smallest half side.
struct RoundedBox {
  BodyPoint centre, half;
  float rounding = 1;
  Axes axes = {};

  float Distance(const BodyPoint& p) const {
    const BodyPoint q = axes.ToLocal(p - centre);
    const BodyPoint over{std::abs(q.x) - half.x + rounding, std::abs(q.y) - half.y + rounding,
                         std::abs(q.z) - half.z + rounding};
    const float outside = Length({std::max(over.x, 0.0f), std::max(over.y, 0.0f), std::max(over.z, 0.0f)});
    return outside + std::min(0.0f, std::max({over.x, over.y, over.z})) - rounding;
  }
  Bounds bounds() const { return Bounds{centre, centre}.Grown(Length(half)); }
};

// A curved tube: segments joined end to end.
using Tube = std::vector<Capsule>;

struct TubeKnot {
  BodyPoint at;
  float radius = 1;
};

// A smooth curve through two or more knots, `pieces` segments from each to the next.
Tube MakeTube(absl::Span<const TubeKnot> knots, int pieces);
float Distance(const Tube& tube, const BodyPoint& p);
Bounds BoundsOf(const Tube& tube);

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_SHAPES_H_
