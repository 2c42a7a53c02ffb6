#include "tools/synthesis/bowel.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "tools/synthesis/organs.h"
#include "tools/synthesis/shapes.h"
#include "tools/synthesis/smooth_field.h"
#include "tools/synthesis/vessel_tree.h"

namespace sgpsam::synthesis {
namespace {

constexpr StructureSet kGut{Structure::kBowel};

struct Contents {
  float hu = 0;
  float gas = -1;  // share of the lumen's radius that is gas, from its front
  bool stool = false;
  float bubbles = 0;  // threshold of the field below which stool is gas
};

// Wall by wall first, then the lumens, so that segments of one loop are open to each other.
void FillLoop(const Tube& loop, float wall, const Contents& contents, const SmoothField& field,
              const Tissues& tissues, Canvas& canvas) {
  canvas.FillTube(loop, {Layer{1.2f, {tissues.fat, Structure::kFat, kDisplaceable}},
                         Layer{0, {tissues.gut_wall, Structure::kBowel, kDisplaceable}},
                         Layer{-wall, {contents.hu, Structure::kBowel, kGut}}});
  if (contents.gas < 0) return;
  for (const Capsule& s : loop) {
    const float front = s.from.y + s.from_radius * (contents.gas - 1);
    const auto gas = [&](const BodyPoint& p) {
      const float lumen = s.Distance(p) + wall;
      if (lumen > 4 || !contents.stool) return std::max(lumen, p.y - front);
      return std::max(lumen, std::min(p.y - front, 3 * (field.At(p) - contents.bubbles)));
    };
    canvas.Fill(s.bounds(), gas, {-930, Structure::kBowel, kGut});
  }
}

Contents SmallBowelContents(float opacified, Random& random) {
  const float kind = random.Uniform(0, 1);
  Contents contents;
  contents.hu = kind < 0.15f ? 60.0f : random.Uniform(8, 40);
  if (kind > 0.55f && opacified > 0) contents.hu = opacified * random.Uniform(0.6f, 1.2f);
  if (kind > 0.88f) contents.gas = random.Uniform(0.5f, 1.4f);
  return contents;
}

// A loop that wanders through the room that the colon frames.
Tube Wander(const Torso& torso, const BodyPoint& start, float radius, Random& random) {
  std::vector<TubeKnot> knots;
  BodyPoint at = start, heading = random.Direction();
  constexpr int kKnots = 7;
  for (int n = 0; n < kKnots; ++n) {
    knots.push_back({at, radius * random.Uniform(0.75f, 1.15f)});
    const BodyPoint turned = heading + random.Direction() * 1.1f;
    heading = turned * (1 / std::max(0.2f, Length(turned)));
    BodyPoint next = at + heading * random.Uniform(22, 34);
    next.x = std::clamp(next.x, -0.62f * torso.cavity_width(), 0.62f * torso.cavity_width());
    next.y = std::clamp(next.y, -0.78f * torso.cavity_depth(), torso.Spine(0).y - 44);
    next.z = std::clamp(next.z, -250.0f, -10.0f);
    at = next;
  }
  return MakeTube(knots, 2);
}

}  // namespace

void PaintMesentery(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas) {
  const BodyPoint root{6, torso.Spine(0).y - 46, -20};
  std::vector<BodyPoint> ends;
  constexpr int kEnds = 70;
  ends.reserve(kEnds);
  for (int n = 0; n < kEnds; ++n) {
    ends.push_back({random.Uniform(-0.65f, 0.65f) * torso.cavity_width(),
                    random.Uniform(-0.8f, 0.1f) * torso.cavity_depth(), random.Uniform(-230, 30)});
  }
  for (const auto& [hu, shift] : {std::pair{tissues.artery, 0.0f}, std::pair{tissues.vein, -9.0f}}) {
    const BodyPoint offset{shift, 1, 3};
    canvas.FillTube(GrowVesselTree(root + offset, 4.2f, ends, random.Fork(1)),
                    {hu, Structure::kVessel, {Structure::kFat, Structure::kVessel}});
    for (BodyPoint& end : ends) end = end + BodyPoint{-5, 3, 0};
  }
}

void PaintSmallBowel(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas) {
  const SmoothField field(8, random.Fork(1));
  const float opacified = random.Chance(0.3f) ? random.Uniform(140, 320) : 0;
  const auto loops = 24 + random.Below(14);
  for (uint64_t n = 0; n < loops; ++n) {
    const BodyPoint start{random.Uniform(-0.6f, 0.6f) * torso.cavity_width(),
                          random.Uniform(-0.75f, 0.0f) * torso.cavity_depth(), random.Uniform(-235, -15)};
    const Tube loop = Wander(torso, start, random.Uniform(8.5f, 14), random);
    FillLoop(loop, random.Uniform(1.8f, 3.2f), SmallBowelContents(opacified, random), field, tissues, canvas);
  }
}

void PaintColon(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas) {
  const float w = torso.cavity_width(), d = torso.cavity_depth(), size = random.Uniform(0.75f, 1.15f);
  const float back = torso.Spine(0).y - 6, flexure = random.Uniform(-46, -22),
              sag = random.Uniform(-110, -60);
  const TubeKnot knots[] = {
      {{-0.68f * w, back - 12, -250}, 26 * size},         {{-0.74f * w, back, -160}, 24 * size},
      {{-0.70f * w, back - 18, flexure - 50}, 22 * size}, {{-0.60f * w, -0.35f * d, flexure - 40}, 20 * size},
      {{-0.25f * w, -0.68f * d, sag}, 18 * size},         {{0.20f * w, -0.68f * d, sag + 6}, 17 * size},
      {{0.62f * w, -0.40f * d, flexure}, 17 * size},      {{0.78f * w, 0.15f * d, flexure + 34}, 17 * size},
      {{0.78f * w, back - 4, flexure - 24}, 15 * size},   {{0.76f * w, back, -160}, 14 * size},
      {{0.62f * w, back - 14, -250}, 13 * size}};
  Tube colon = MakeTube(knots, 6);
  float phase = 0;
  for (Capsule& segment : colon) {  // haustra
    phase += Length(segment.to - segment.from) * 0.21f;
    segment.from_radius = segment.to_radius = segment.from_radius * (0.86f + 0.16f * std::sin(phase));
  }
  Contents contents;
  contents.hu = random.Uniform(30, 90);
  contents.gas = random.Uniform(0.2f, 1.1f);
  contents.stool = true;
  contents.bubbles = random.Uniform(-0.35f, 0.2f);
  FillLoop(colon, random.Uniform(1.8f, 3), contents, SmoothField(4.5f, random.Fork(1)), tissues, canvas);
}

}  // namespace sgpsam::synthesis
