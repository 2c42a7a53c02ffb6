#include "tools/synthesis/torso.h"

#include <algorithm>
#include <cmath>

#include "tools/synthesis/shapes.h"

namespace sgpsam::synthesis {
namespace {

constexpr float kDomeDrop = 62;  // mm

}  // namespace

Torso::Torso(Random random)
    : half_width_(random.Uniform(148, 186)),
      half_depth_(half_width_ * random.Uniform(0.64f, 0.75f)),
      squareness_(random.Uniform(0.0f, 0.035f)),
      flat_back_(random.Uniform(0.0f, 0.07f)),
      fat_(random.LogUniform(6, 22)),
      fat_at_sides_(fat_ * random.Uniform(0.2f, 0.9f)),
      fat_at_back_(fat_ * random.Uniform(0.0f, 0.9f)),
      muscle_(random.Uniform(7, 11)),
      muscle_at_sides_(random.Uniform(4, 9)),
      waist_(random.Uniform(0.0f, 0.06f)) {
  const Ray left = Towards(1, 0), front = Towards(0, -1);
  cavity_width_ = left.skin - left.fat - left.muscle;
  cavity_depth_ = front.skin - front.fat - front.muscle;
  spine_y_ = half_depth_ * random.Uniform(0.25f, 0.31f);
  lordosis_ = random.Uniform(4, 14);
  const float right_top = random.Uniform(78, 104);
  domes_[0] = {{-0.45f * cavity_width_, random.Uniform(-6, 8), right_top},
               0.62f * cavity_width_,
               0.85f * cavity_depth_};
  domes_[1] = {{0.46f * cavity_width_, random.Uniform(-10, 4), right_top - random.Uniform(6, 24)},
               0.60f * cavity_width_,
               0.85f * cavity_depth_};
}

Torso::Ray Torso::Towards(float x, float y) const {
  const float u = x / half_width_, v = y / half_depth_;
  const float r = std::max(1e-4f, std::sqrt(u * u + v * v));
  const float per_r = 1 / r, c = u * per_r, s = v * per_r;  // cosine and sine of the turn
  const float back = std::max(0.0f, s) * s;
  const float stretch = 1 - squareness_ * (1 - 8 * c * c * s * s) - flat_back_ * back;
  Ray ray;
  ray.point = std::sqrt(x * x + y * y);
  ray.skin = stretch * ray.point * per_r;
  ray.fat = fat_ + fat_at_sides_ * c * c + fat_at_back_ * back;
  ray.sideways = c * c;
  ray.muscle = muscle_ + muscle_at_sides_ * ray.sideways;
  return ray;
}

float Torso::Girth(float z) const {
  const float low = std::clamp(-z / 150, 0.0f, 1.0f);
  return 1 - waist_ * low * low * (3 - 2 * low);
}

float Torso::Depth(const BodyPoint& p) const {
  const Ray ray = Towards(p.x, p.y);
  return ray.skin * Girth(p.z) - ray.point;
}

float Torso::CavityDistance(const BodyPoint& p) const {
  const Ray ray = Towards(p.x, p.y);
  return ray.point - (ray.skin * Girth(p.z) - ray.fat - ray.muscle);
}

float Torso::DiaphragmDistance(const BodyPoint& p) const {
  const auto height = [&p](const Dome& dome) {
    const float u = (p.x - dome.top.x) / dome.width, v = (p.y - dome.top.y) / dome.depth;
    return dome.top.z - kDomeDrop * std::min(2.0f, u * u + v * v);
  };
  const float top = -SmoothUnion(-height(domes_[0]), -height(domes_[1]), 20);
  return 0.6f * (p.z - top);  // the domes' slopes are steep: keep to the way that is gone
}

BodyPoint Torso::OnCavityWall(float turn, float z, float outwards) const {
  const float c = std::cos(turn), s = std::sin(turn);
  const Ray ray = Towards(c, s);
  const float r = ray.skin * Girth(z) - ray.fat - ray.muscle + outwards;
  return {c * r, s * r, z};
}

BodyPoint Torso::Spine(float z) const {
  const float bend = std::sin((z + 60) / 70);
  return {0, spine_y_ - lordosis_ * 0.5f * bend, z};
}

}  // namespace sgpsam::synthesis
