#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "tools/synthesis/body.h"
#include "tools/synthesis/shapes.h"

namespace sgpsam::synthesis {
namespace {

constexpr float kQuarterTurn = 1.5707963f;

// Marrow in a shell of dense bone.
std::array<Layer, 2> Bone(float shell_mm, float density, const Tissues& tissues, Structure structure) {
  return {{{0, {density * tissues.cortical_bone, structure}}, {-shell_mm, {tissues.marrow, structure}}}};
}

// From next to the spine (t = 0) around the cavity to the front, falling on its way.
Tube MakeRib(const Torso& torso, float side, float z, float end, float drop, float radius) {
  std::vector<TubeKnot> knots;
  constexpr int kKnots = 14;
  for (int n = 0; n < kKnots; ++n) {
    const float t = end * static_cast<float>(n) / (kKnots - 1);
    const float turn =
        kQuarterTurn - side * (0.32f + t * 2.3f);  // from the back to the side and to the front
    const float height = z - drop * t * (1.25f - 0.25f * t);
    knots.push_back({torso.OnCavityWall(turn, height, radius + 1), radius});
  }
  return MakeTube(knots, 3);
}

struct Vertebra {
  BodyPoint middle;
  float width, depth, height;  // half, mm
};

void PaintVertebralBody(const Vertebra& v, const Tissues& tissues, Canvas& canvas) {
  const Pillar section(v.width, v.depth);
  const auto body = [&](const BodyPoint& p) {
    const BodyPoint q = p - v.middle;
    const float waist = 0.10f * v.depth * (1 - q.z * q.z / (v.height * v.height));
    const float across = section.Distance(q.x, q.y) + waist;
    return SmoothIntersection(across, std::abs(q.z) - v.height, 3);
  };
  const BodyPoint half{v.width, v.depth, v.height};
  canvas.Fill({v.middle - half, v.middle + half}, body, Bone(1.6f, 1, tissues, Structure::kSpine));
}

// Arch and processes behind the body.
void PaintArch(const Vertebra& v, const Tissues& tissues, Canvas& canvas) {
  const BodyPoint behind = v.middle + BodyPoint{0, v.depth, 2};
  Tube arch;
  for (const float side : {-1.0f, 1.0f}) {
    const BodyPoint root = behind + BodyPoint{side * 13, -2, 3},
                    facet = behind + BodyPoint{side * 17, 15, -2};
    arch.push_back({root, facet, 4.5f, 6});                                  // pedicle
    arch.push_back({facet, behind + BodyPoint{side * 3, 25, -8}, 5, 3.5f});  // lamina
    arch.push_back({facet, behind + BodyPoint{side * 40, 14, 2}, 4, 2.5f});  // transverse process
    arch.push_back({facet, facet + BodyPoint{side * 1, 3, -18}, 5.5f, 4});   // facet joint
  }
  arch.push_back(
      {behind + BodyPoint{0, 25, -8}, behind + BodyPoint{0, 40, -16}, 3.2f, 3.6f});  // spinous process
  canvas.FillTube(arch, Bone(1.8f, 0.8f, tissues, Structure::kSpine));
}

}  // namespace

void PaintRibs(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas) {
  const float pitch = random.Uniform(23, 28), lowest = random.Uniform(-62, -34);
  constexpr int kRibs = 9;
  for (const float side : {-1.0f, 1.0f}) {
    for (int n = 0; n < kRibs; ++n) {
      const float above = static_cast<float>(n);
      const float end = std::min(1.0f, 0.28f + 0.16f * above), drop = random.Uniform(80, 92) + 4 * above;
      const Tube rib =
          MakeRib(torso, side, lowest + pitch * above + 30, end, drop, random.Uniform(4.6f, 5.6f));
      canvas.FillTube(rib, Bone(1.5f, 1, tissues, Structure::kRib));
    }
  }
}

void PaintSpine(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas) {
  const float size = random.Uniform(0.92f, 1.08f), pitch = 34 * size, shift = random.Uniform(0, 34);
  const float disc = random.Uniform(70, 95), far = 1e4f;
  const Bounds column{{-60, torso.Spine(0).y - 50, -far}, {60, torso.half_depth(), far}};
  const Pillar discs(21 * size, 16 * size), canal(9.5f * size, 8 * size);
  canvas.Fill(column, [&](const BodyPoint& p) { return discs.Distance(p.x, p.y - torso.Spine(p.z).y); },
              {disc, Structure::kSpine});
  for (float z = shift - 9 * pitch; z < 8 * pitch; z += pitch) {
    const Vertebra v{torso.Spine(z), 21.5f * size, 16.5f * size, 0.5f * pitch - 4.5f};
    PaintVertebralBody(v, tissues, canvas);
    PaintArch(v, tissues, canvas);
  }
  canvas.Fill(column,
              [&](const BodyPoint& p) { return canal.Distance(p.x, p.y - torso.Spine(p.z).y - 26 * size); },
              {30, Structure::kMuscle});
}

}  // namespace sgpsam::synthesis
