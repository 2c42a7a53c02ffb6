#include "tools/synthesis/vessel_tree.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace sgpsam::synthesis {
namespace {

constexpr float kPieceMm = 5;  // long vessels are made of pieces, so that they can bend

BodyPoint Mean(absl::Span<const BodyPoint> points) {
  BodyPoint sum;
  for (const BodyPoint& p : points) sum = sum + p;
  return sum * (1 / static_cast<float>(points.size()));
}

class Grower {
 public:
  Grower(float root_radius, size_t targets, Random random)
      : radius_of_one_(root_radius / std::cbrt(static_cast<float>(targets))), random_(random) {}

  // From `from`, reached in the direction `heading`, to all targets.
  void Grow(const BodyPoint& from, const BodyPoint& heading, absl::Span<BodyPoint> targets) {
    const float radius = RadiusOf(targets.size());
    if (targets.size() == 1) return Extend(from, heading, targets[0], radius, 0.6f * radius);
    const BodyPoint middle = Mean(targets);
    const BodyPoint fork = Lerp(from, middle, random_.Uniform(0.35f, 0.55f));
    Extend(from, heading, fork, radius, radius);
    const size_t half = Part(targets, fork);
    const BodyPoint onwards = (fork - from) * (1 / std::max(1e-3f, Length(fork - from)));
    Grow(fork, onwards, targets.first(half));
    Grow(fork, onwards, targets.subspan(half));
  }

  Tube Take() { return std::move(tube_); }

 private:
  float RadiusOf(size_t targets) const { return radius_of_one_ * std::cbrt(static_cast<float>(targets)); }

  // Sorts the targets along the direction in which they spread most, seen from the fork; returns where to
  // part them, which is somewhere in the middle.
  size_t Part(absl::Span<BodyPoint> targets, const BodyPoint& fork) {
    BodyPoint spread = random_.Direction();
    for (int round = 0; round < 4; ++round) {  // towards the largest principal axis
      BodyPoint next;
      for (const BodyPoint& p : targets) next = next + (p - fork) * Dot(p - fork, spread);
      spread = next * (1 / std::max(1e-3f, Length(next)));
    }
    // The axis across the way there parts best; along it lies what both have in common.
    const BodyPoint forward = Mean(targets) - fork;
    spread = spread - forward * (Dot(spread, forward) / std::max(1e-3f, Dot(forward, forward)));
    std::sort(targets.begin(), targets.end(),
              [&](const BodyPoint& a, const BodyPoint& b) { return Dot(a, spread) < Dot(b, spread); });
    const float share = random_.Uniform(0.3f, 0.7f);
    const auto cut = static_cast<size_t>(share * static_cast<float>(targets.size()));
    return std::clamp<size_t>(cut, 1, targets.size() - 1);
  }

  // A curve that leaves in the direction it came and ends at `to`.
  void Extend(const BodyPoint& from, const BodyPoint& heading, const BodyPoint& to, float radius, float end) {
    const float length = Length(to - from);
    const BodyPoint control = from + heading * (0.4f * length);
    const int pieces = std::clamp(static_cast<int>(length / kPieceMm), 1, 40);
    BodyPoint last = from;
    float last_radius = radius;
    for (int n = 1; n <= pieces; ++n) {
      const float t = static_cast<float>(n) / static_cast<float>(pieces);
      const BodyPoint next = Lerp(Lerp(from, control, t), Lerp(control, to, t), t);
      const float next_radius = radius + (end - radius) * t;
      tube_.push_back({last, next, last_radius, next_radius});
      last = next;
      last_radius = next_radius;
    }
  }

  const float radius_of_one_;
  Random random_;
  Tube tube_;
};

BodyPoint Pushed(const BodyPoint& p, const Growth& growth) {
  const BodyPoint away = p - growth.centre;
  const float r = Length(away), reach = 1.8f * growth.radius;
  if (r >= reach || r < 1e-3f) return p;
  // Keeps the order of what is pushed: the middle goes to the surface, the reach stays where it is.
  const float pushed = growth.radius + r * (reach - growth.radius) / reach;
  return growth.centre + away * (pushed / r);
}

}  // namespace

Tube GrowVesselTree(const BodyPoint& root, float root_radius, std::vector<BodyPoint> targets, Random random) {
  Grower grower(root_radius, targets.size(), random);
  const BodyPoint ahead = Mean(targets) - root;
  grower.Grow(root, ahead * (1 / std::max(1e-3f, Length(ahead))), absl::MakeSpan(targets));
  return grower.Take();
}

void PushAside(absl::Span<const Growth> growths, Tube& vessels) {
  for (const Growth& growth : growths) {
    for (Capsule& segment : vessels) {
      segment.from = Pushed(segment.from, growth);
      segment.to = Pushed(segment.to, growth);
    }
  }
}

}  // namespace sgpsam::synthesis
