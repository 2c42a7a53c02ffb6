#include "tools/synthesis/shapes.h"

#include <cstddef>
#include <limits>

namespace sgpsam::synthesis {
namespace {

BodyPoint Turned(const BodyPoint& p, float x, float y, float z) {
  const BodyPoint a{p.x, p.y * std::cos(x) - p.z * std::sin(x), p.y * std::sin(x) + p.z * std::cos(x)};
  const BodyPoint b{a.x * std::cos(y) + a.z * std::sin(y), a.y, a.z * std::cos(y) - a.x * std::sin(y)};
  return {b.x * std::cos(z) - b.y * std::sin(z), b.x * std::sin(z) + b.y * std::cos(z), b.z};
}

// Catmull and Rom's curve between the second and the third of four knots.
template <typename T>
T Curve(const T& a, const T& b, const T& c, const T& d, float t) {
  const T linear = (c - a) * 0.5f;
  const T square = a - b * 2.5f + c * 2.0f - d * 0.5f;
  const T cube = (d - a) * 0.5f + (b - c) * 1.5f;
  return b + linear * t + square * (t * t) + cube * (t * t * t);
}

}  // namespace

Axes TurnedAxes(float about_x, float about_y, float about_z) {
  return {Turned({1, 0, 0}, about_x, about_y, about_z), Turned({0, 1, 0}, about_x, about_y, about_z),
          Turned({0, 0, 1}, about_x, about_y, about_z)};
}

Axes RandomAxes(Random& random) {
  const float x = random.Uniform(-3.1415927f, 3.1415927f), y = random.Uniform(-1.5707963f, 1.5707963f);
  return TurnedAxes(x, y, random.Uniform(-3.1415927f, 3.1415927f));
}

Tube MakeTube(absl::Span<const TubeKnot> knots, int pieces) {
  Tube tube;
  const size_t last = knots.size() - 1;
  for (size_t n = 0; n < last; ++n) {
    const BodyPoint &a = knots[n == 0 ? 0 : n - 1].at, &b = knots[n].at, &c = knots[n + 1].at,
                    &d = knots[std::min(n + 2, last)].at;
    for (int piece = 0; piece < pieces; ++piece) {
      const float t0 = static_cast<float>(piece) / static_cast<float>(pieces);
      const float t1 = static_cast<float>(piece + 1) / static_cast<float>(pieces);
      const auto radius = [&](float t) {
        return knots[n].radius + (knots[n + 1].radius - knots[n].radius) * t;
      };
      tube.push_back({Curve(a, b, c, d, t0), Curve(a, b, c, d, t1), radius(t0), radius(t1)});
    }
  }
  return tube;
}

float Distance(const Tube& tube, const BodyPoint& p) {
  float nearest = std::numeric_limits<float>::infinity();
  for (const Capsule& segment : tube) nearest = std::min(nearest, segment.Distance(p));
  return nearest;
}

Bounds BoundsOf(const Tube& tube) {
  Bounds bounds = tube.front().bounds();
  for (const Capsule& segment : tube) bounds = bounds.With(segment.bounds());
  return bounds;
}

}  // namespace sgpsam::synthesis
