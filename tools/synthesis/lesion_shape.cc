#include "tools/synthesis/lesion_shape.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace sgpsam::synthesis {
namespace {

constexpr float kSeamWidth = 0.4f;
constexpr float kBallOfOne = 4.1887902f;  // volume of a ball of radius 1

std::vector<Ellipsoid> DrawLobes(Random& random) {
  const auto axis = [&random] { return std::clamp(std::exp(0.17f * random.Normal()), 0.68f, 1.45f); };
  std::vector<Ellipsoid> lobes = {{{0, 0, 0}, {axis(), axis(), axis()}, RandomAxes(random)}};
  const auto more = random.Chance(0.4f) ? 1 + random.Below(2) : 0;
  for (uint64_t n = 0; n < more; ++n) {
    const float size = random.Uniform(0.45f, 0.72f);
    lobes.push_back(
        {random.Direction() * random.Uniform(0.5f, 0.85f), {size, size * axis(), size}, RandomAxes(random)});
  }
  return lobes;
}

}  // namespace

LesionShape::LesionShape(float diameter_mm, float contrast_hu, Random random)
    : diameter_mm_(diameter_mm),
      lobes_(DrawLobes(random)),
      bumps_(random.Uniform(0.06f, 0.36f)),
      ripples_(random.Uniform(0.0f, 0.10f)),
      mottle_(random.Uniform(0.05f, 0.35f)),
      bump_field_(random.Uniform(0.7f, 1.1f), random.Fork(1)),
      ripple_field_(random.Uniform(0.28f, 0.4f), random.Fork(2)) {
  edge_mm_ = std::min(random.Uniform(0.5f, 3.0f), 0.3f * diameter_mm);
  if (diameter_mm > 15 && random.Chance(0.3f)) {
    core_ = contrast_hu < 0 ? random.Uniform(0.3f, 0.9f) : random.Uniform(-0.6f, -0.2f);
    core_at_ = random.Uniform(0.25f, 0.5f);
  }
  if (diameter_mm > 9 && random.Chance(0.25f)) {
    rim_ = contrast_hu < 0 ? random.Uniform(-1.3f, -0.5f) : random.Uniform(0.2f, 0.6f);
    rim_width_ = std::clamp(random.Uniform(1.5f, 3.0f) * 2 / diameter_mm, 0.08f, 0.3f);
  }
  Measure();
}

float LesionShape::Outline(const BodyPoint& p) const {
  float distance = lobes_.front().Distance(p);
  for (size_t n = 1; n < lobes_.size(); ++n)
    distance = SmoothUnion(distance, lobes_[n].Distance(p), kSeamWidth);
  if (distance > 0.6f) return distance - 0.2f;  // too far out for the deformations to matter
  return distance + bumps_ * bump_field_.At(p) + ripples_ * ripple_field_.At(p);
}

float LesionShape::Inside(const BodyPoint& p, float distance) const {
  float strength = 1 + mottle_ * ripple_field_.At(p + BodyPoint{3, 5, 7});
  if (core_ != 0) strength += core_ * std::clamp((-distance - core_at_) / 0.12f, 0.0f, 1.0f);
  if (rim_ != 0) strength += rim_ * std::clamp((distance + rim_width_) / (0.4f * rim_width_), 0.0f, 1.0f);
  return strength;
}

// Volume, reach and mean strength on a lattice, in the shape's own unit.
void LesionShape::Measure() {
  constexpr float kStep = 0.125f, kReach = 2;
  std::vector<BodyPoint> inside;
  for (float z = -kReach; z <= kReach; z += kStep) {
    for (float y = -kReach; y <= kReach; y += kStep) {
      for (float x = -kReach; x <= kReach; x += kStep) {
        const BodyPoint p{x, y, z};
        if (Outline(p) > 0) continue;
        inside.push_back(p);
        reach_ = std::max(reach_, Length(p) + kStep);
      }
    }
  }
  const float volume = static_cast<float>(inside.size()) * kStep * kStep * kStep;
  scale_ = 0.5f * diameter_mm_ / std::cbrt(volume / kBallOfOne);
  float sum = 0;
  for (const BodyPoint& p : inside) {
    const float distance = Outline(p);
    sum += std::min(1.0f, 0.5f - distance * scale_ / edge_mm_) * Inside(p, distance);
  }
  strength_scale_ = std::min(2.0f, static_cast<float>(inside.size()) / sum);
  const size_t step = std::max<size_t>(1, inside.size() / 150);
  for (size_t n = step / 2; n < inside.size(); n += step) samples_.push_back(inside[n] * scale_);
}

}  // namespace sgpsam::synthesis
