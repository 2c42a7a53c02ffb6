#include "tools/synthesis/body.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/synthesis/shapes.h"
#include "tools/synthesis/smooth_field.h"

namespace sgpsam::synthesis {
namespace {

constexpr float kAir = -1000, kSkinMm = 1.8f;
constexpr StructureSet kTrunk{Structure::kMuscle, Structure::kFat};

// HU and structure by the depth below the skin: the layers' edges are as wide as a voxel.
class Wall {
 public:
  Wall(const Tissues& tissues, float edge_mm) : tissues_(tissues), per_edge_(1 / edge_mm) {}

  float Hu(float depth, const Torso::Ray& ray) const {
    return kAir + Step(depth) * (tissues_.skin - kAir) +
           Step(depth - kSkinMm) * (tissues_.fat - tissues_.skin) +
           (Step(depth - ray.fat) - Step(depth - ray.fat - ray.muscle) - Fasciae(depth - ray.fat, ray)) *
               (tissues_.muscle - tissues_.fat);
  }
  static Structure At(float depth, const Torso::Ray& ray) {
    if (depth < 0) return Structure::kOutside;
    return depth < ray.fat || depth > ray.fat + ray.muscle ? Structure::kFat : Structure::kMuscle;
  }

 private:
  // Thin sheets of fat part the three muscles of the flank.
  float Fasciae(float depth, const Torso::Ray& ray) const {
    constexpr float kHalfMm = 0.45f;
    float sheets = 0;
    for (const float share : {0.36f, 0.68f}) {
      const float past = depth - share * ray.muscle;
      sheets += Step(past + kHalfMm) - Step(past - kHalfMm);
    }
    return 0.7f * sheets * ray.sideways * ray.sideways;
  }
  float Step(float past) const { return std::clamp(0.5f + past * per_edge_, 0.0f, 1.0f); }

  const Tissues& tissues_;
  const float per_edge_;
};

void PaintTable(const Torso& torso, Canvas& canvas) {
  const float top = torso.half_depth() + 6, width = 0.95f * torso.half_width();
  const auto shell = [=](const BodyPoint& p) {  // a trough, seen from below its length
    const float y = top + 22 - 34 * (p.x / width) * (p.x / width);
    return std::max(std::abs(p.y - y) * 0.8f - 1.2f, std::abs(p.x) - width);
  };
  const float far = 1e4f;
  canvas.Fill({{-width, top - 20, -far}, {width, top + 30, far}}, shell,
              {-350, Structure::kOutside, {Structure::kOutside}});
}

}  // namespace

void PaintTorso(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas) {
  const View& view = canvas.view();
  const Wall wall(tissues, 0.5f * (view.spacing_mm[0] + view.spacing_mm[1]));
  const size_t pixels = static_cast<size_t>(view.shape.i * view.shape.j);
  std::vector<Torso::Ray> rays;
  rays.reserve(pixels);
  for (int64_t j = 0; j < view.shape.j; ++j) {
    for (int64_t i = 0; i < view.shape.i; ++i) {
      const BodyPoint p = view.At(i, j, 0);
      rays.push_back(torso.Towards(p.x, p.y));
    }
  }
  for (int64_t k = 0; k < view.shape.k; ++k) {
    const float girth = torso.Girth(view.At(0, 0, k).z);
    float* hu = canvas.hu() + static_cast<size_t>(k) * pixels;
    uint8_t* structures = canvas.structures() + static_cast<size_t>(k) * pixels;
    for (size_t n = 0; n < pixels; ++n) {
      const float depth = rays[n].skin * girth - rays[n].point;
      hu[n] = wall.Hu(depth, rays[n]);
      structures[n] = static_cast<uint8_t>(Wall::At(depth, rays[n]));
    }
  }
  if (random.Chance(0.8f)) PaintTable(torso, canvas);
}

void PaintBackMuscles(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas) {
  const Ink ink{tissues.muscle, Structure::kMuscle, {Structure::kFat, Structure::kMuscle, Structure::kLung}};
  const float size = random.Uniform(0.85f, 1.15f);
  const SmoothField field(18, random.Fork(1));
  const auto roughened = [&](float distance, const BodyPoint& p) {
    return std::abs(distance) > 8 ? distance : distance + 1.5f * field.At(p);
  };
  const BodyPoint spine = torso.Spine(0);
  const float far = 1e4f;
  const Bounds column{{-34, spine.y - 30, -far}, {34, spine.y + 70, far}};
  const Pillar deep(27, 33);
  const auto around_spine = [&](const BodyPoint& p) {
    return roughened(deep.Distance(p.x, p.y - torso.Spine(p.z).y - 20), p);
  };
  canvas.Fill(column, around_spine, ink);
  for (const float side : {-1.0f, 1.0f}) {
    const Pillar section(26 * size, 19 * size, side * -0.25f);
    const auto erector = [&](const BodyPoint& p) {  // next to the spinous processes
      const float distance = section.Distance(p.x - side * 30, p.y - torso.Spine(p.z).y - 42);
      if (distance > 8) return distance;
      return std::max(roughened(distance, p), kSkinMm + 3 - torso.Depth(p));
    };
    canvas.Fill({{side * 34 - 40, spine.y + 5, -far}, {side * 34 + 40, spine.y + 80, far}}, erector, ink);
    const TubeKnot psoas[] = {{{side * 22, torso.Spine(10).y - 2, 10}, 7 * size},
                              {{side * 34, torso.Spine(-60).y - 2, -60}, 16 * size},
                              {{side * 44, torso.Spine(-130).y - 14, -130}, 22 * size},
                              {{side * 56, torso.Spine(-220).y - 34, -220}, 22 * size}};
    canvas.FillTube(MakeTube(psoas, 6), ink);
    const TubeKnot quadratus[] = {{{side * 48, torso.Spine(-20).y + 20, -10}, 6 * size},
                                  {{side * 62, torso.Spine(-120).y + 20, -220}, 10 * size}};
    canvas.FillTube(MakeTube(quadratus, 6), ink);
    const TubeKnot crus[] = {{{side * 13, torso.Spine(70).y - 30, 75}, 4},
                             {{side * 17, torso.Spine(20).y - 22, 20}, 5},
                             {{side * 15, torso.Spine(-40).y - 18, -40}, 2.5f}};
    canvas.FillTube(MakeTube(crus, 5), ink);
  }
}

void PaintChest(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas) {
  const float w = torso.cavity_width(), d = torso.cavity_depth(), far = 1e4f;
  const Bounds chest{{-w - 10, -d - 10, -60}, {w + 10, d + 25, far}};
  const auto above = [&torso](const BodyPoint& p) {
    return std::max(torso.CavityDistance(p) + 1, -torso.DiaphragmDistance(p));
  };
  canvas.Fill(chest, above,
              {Layer{0, {tissues.muscle, Structure::kMuscle, kTrunk}},
               Layer{-1.5f, {tissues.lung, Structure::kLung, kTrunk}}});
  const StructureSet over{Structure::kLung};
  const Ellipsoid fat_pad{{random.Uniform(0, 14), -0.45f * d, 106}, {0.42f * w, 0.44f * d, 52}};
  canvas.Fill(fat_pad.bounds(), [&](const BodyPoint& p) { return fat_pad.Distance(p); },
              {tissues.fat, Structure::kFat, over});
  const Ellipsoid heart{
      {fat_pad.centre.x + 6, -0.40f * d, 122}, {0.40f * w, 0.40f * d, 48}, TurnedAxes(0.2f, 0.3f, 0.5f)};
  canvas.Fill(heart.bounds(), [&](const BodyPoint& p) { return heart.Distance(p); },
              {tissues.heart, Structure::kHeart, {Structure::kLung, Structure::kFat}});
  // Vessels of the lungs: bright dots and lines in black.
  const int vessels = 60;
  for (int n = 0; n < vessels; ++n) {
    const BodyPoint root{random.Sign() * random.Uniform(0.15f, 0.3f) * w, random.Uniform(-10, 30), 170};
    const BodyPoint end = root + BodyPoint{root.x * random.Uniform(0.2f, 2.2f),
                                           random.Uniform(-0.8f, 0.8f) * d, -random.Uniform(60, 170)};
    const TubeKnot knots[] = {{root, 3}, {Lerp(root, end, 0.5f) + random.Direction() * 12, 2}, {end, 0.7f}};
    canvas.FillTube(MakeTube(knots, 5), {tissues.vein, Structure::kLung, over});
  }
}

}  // namespace sgpsam::synthesis
