#include "tools/synthesis/liver.h"

#include <algorithm>

namespace sgpsam::synthesis {

Liver::Liver(const Torso& torso, Random random)
    : torso_(torso),
      shear_(random.Uniform(0.20f, 0.42f)),
      roughness_mm_(random.Uniform(2, 5)),
      field_(random.Uniform(32, 50), random.Fork(1)) {
  const float w = torso.cavity_width(), d = torso.cavity_depth();
  const float size = random.Uniform(0.90f, 1.08f);
  right_ = {{-0.50f * w, random.Uniform(0.0f, 0.08f) * d, random.Uniform(-8, 10)},
            {0.60f * w * size, 0.93f * d * size, random.Uniform(76, 98)}};
  left_ = {{random.Uniform(-0.12f, 0.08f) * w, -0.50f * d, random.Uniform(24, 42)},
           {random.Uniform(0.42f, 0.62f) * w, random.Uniform(0.30f, 0.42f) * d, random.Uniform(30, 46)}};
  const BodyPoint spine = torso.Spine(0);
  spine_ = {torso.Spine(-80) + BodyPoint{0, 4, 0}, torso.Spine(110) + BodyPoint{0, 4, 0}, 36, 34};
  hilum_ = {random.Uniform(-0.20f, -0.12f) * w, random.Uniform(-0.06f, 0.08f) * d, random.Uniform(-16, 2)};
  notch_ = {hilum_ + BodyPoint{16, 4, -10}, {26, 20, 22}, TurnedAxes(0, 0.4f, 0)};
  outlet_ = {spine.x - 24, spine.y - 38, random.Uniform(56, 66)};
}

float Liver::Distance(const BodyPoint& p) const {
  const BodyPoint sheared{p.x, p.y, p.z - shear_ * (p.x - right_.centre.x)};
  const float lobes = SmoothUnion(right_.Distance(sheared), left_.Distance(p), 20);
  const float walls = std::max(torso_.CavityDistance(p) + 1.2f, torso_.DiaphragmDistance(p) + 0.4f);
  float distance = SmoothIntersection(lobes, walls, 8);
  if (distance > 12 || distance < -45) return distance * 0.9f;  // too far off for what follows to matter
  distance = SmoothIntersection(distance, -SmoothUnion(spine_.Distance(p), notch_.Distance(p), 10), 10);
  return (distance + roughness_mm_ * field_.At(p)) * 0.9f;
}

Bounds Liver::bounds() const {
  const float w = torso_.cavity_width(), d = torso_.cavity_depth();
  return {{-w, -d, -130}, {0.75f * w, d, 115}};
}

BodyPoint Liver::PointInside(float depth, Random& random) const {
  const Bounds box = bounds();
  BodyPoint best = right_.centre;
  constexpr int kTries = 200;
  for (int n = 0; n < kTries; ++n) {
    const BodyPoint p{random.Uniform(box.low.x, box.high.x), random.Uniform(box.low.y, box.high.y),
                      random.Uniform(box.low.z, box.high.z)};
    if (Distance(p) < -depth) return p;
  }
  return best;
}

}  // namespace sgpsam::synthesis
