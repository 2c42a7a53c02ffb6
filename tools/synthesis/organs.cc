#include "tools/synthesis/organs.h"

#include <algorithm>

#include "tools/synthesis/shapes.h"
#include "tools/synthesis/smooth_field.h"

namespace sgpsam::synthesis {
namespace {

Ink Over(float hu, Structure structure, StructureSet over = kDisplaceable) { return {hu, structure, over}; }

// Wall, fluid, food and, in front of it, gas. `distance`: the outer surface.
template <typename Shape3d>
void FillStomach(const Bounds& bounds, const Shape3d& distance, float level, float food,
                 const Tissues& tissues, Random& random, Canvas& canvas) {
  const SmoothField field(9, random.Fork(2));
  const float wall = random.Uniform(3, 6);
  const StructureSet inside{Structure::kStomach};
  canvas.Fill(
      bounds, distance,
      {Layer{1.5f, Over(tissues.fat, Structure::kFat)}, Layer{0, Over(tissues.gut_wall, Structure::kStomach)},
       Layer{-wall, Over(tissues.fluid, Structure::kStomach, inside)}});
  const auto lumen = [&](const BodyPoint& p) { return distance(p) + wall; };
  canvas.Fill(
      bounds, [&](const BodyPoint& p) { return std::max(lumen(p), 4 * (field.At(p) - food)); },
      Over(random.Uniform(35, 70), Structure::kStomach, inside));
  canvas.Fill(
      bounds, [&](const BodyPoint& p) { return std::max(lumen(p), p.y - level); },
      Over(-960, Structure::kStomach, inside));
}

// Which way is up and down in a kidney, and where its middle opens.
struct Kidney {
  Ellipsoid outline;
  BodyPoint hilum;
};

Kidney MakeKidney(const Torso& torso, float side, Random& random) {
  const float w = torso.cavity_width(), size = random.Uniform(0.88f, 1.1f);
  const BodyPoint middle{side * random.Uniform(0.46f, 0.54f) * w, torso.Spine(0).y + random.Uniform(4, 14),
                         side > 0 ? random.Uniform(-34, -8) : random.Uniform(-50, -22)};
  const BodyPoint radii{random.Uniform(25, 30) * size, random.Uniform(24, 29) * size,
                        random.Uniform(48, 58) * size};
  Kidney kidney{{middle, radii, TurnedAxes(-0.15f, side * -0.2f, side * 0.5f)}, {}};
  kidney.hilum = middle + BodyPoint{-side * radii.x * 0.8f, -radii.y * 0.5f, 0};
  return kidney;
}

void PaintKidney(const Kidney& kidney, Structure structure, const Torso& torso, const Tissues& tissues,
                 Random random, Canvas& canvas) {
  const SmoothField lobes(random.Uniform(13, 17), random.Fork(1)), rough(24, random.Fork(2));
  const Ellipsoid sinus{kidney.hilum, kidney.outline.radii * 0.52f, kidney.outline.axes};
  const Bounds bounds = kidney.outline.bounds();
  const auto outline = [&](const BodyPoint& p) {
    const float solid = kidney.outline.Distance(p) + 1.6f * rough.At(p);
    return SmoothIntersection(std::max(solid, torso.CavityDistance(p) + 3), -sinus.Distance(p), 6);
  };
  // The muscles along the spine make room, too.
  const StructureSet over = StructureSet::All().Without(
      {Structure::kOutside, Structure::kLung, Structure::kHeart, Structure::kSpine, Structure::kRib});
  canvas.Fill(bounds, outline,
              WithSeam(random.Uniform(4, 10), tissues, tissues.renal_cortex, structure, over));
  const auto medulla = [&](const BodyPoint& p) {  // pyramids between columns of cortex
    const float shell = kidney.outline.Distance(p) + 6, deep = -(sinus.Distance(p) - 2.5f);
    return std::max({shell, deep, 5 * (lobes.At(p) - 0.08f)});
  };
  canvas.Fill(bounds, medulla, Over(tissues.renal_medulla, structure, {structure}));
  const Ellipsoid pelvis{Lerp(kidney.hilum, kidney.outline.centre, 0.25f), kidney.outline.radii * 0.24f,
                         kidney.outline.axes};
  canvas.Fill(
      pelvis.bounds(), [&](const BodyPoint& p) { return pelvis.Distance(p); },
      Over(tissues.fluid, Structure::kFat, {Structure::kFat}));
}

}  // namespace

void PaintStomach(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas) {
  const float w = torso.cavity_width(), d = torso.cavity_depth(), full = random.Uniform(0.65f, 1.1f);
  const float dip = random.Uniform(-44, -12);
  const TubeKnot knots[] = {
      {{0.50f * w, 0.22f * d, 78}, 24 * full},       {{0.56f * w, -0.02f * d, 52}, 38 * full},
      {{0.52f * w, -0.38f * d, 14}, 32 * full},      {{0.28f * w, -0.52f * d, dip}, 25 * full},
      {{0.02f * w, -0.44f * d, dip + 6}, 19 * full}, {{-0.14f * w, -0.26f * d, dip + 14}, 11}};
  const Tube tube = MakeTube(knots, 3);
  const SmoothField folds(16, random.Fork(1));
  const auto outline = [&](const BodyPoint& p) {
    const float walls = std::max(torso.CavityDistance(p) + 3, torso.DiaphragmDistance(p) + 3);
    return SmoothIntersection(Distance(tube, p) + 2.2f * folds.At(p), walls, 6);
  };
  const float level = random.Uniform(-0.55f, 0.05f) * d, food = random.Uniform(-0.9f, 0.3f);
  FillStomach(BoundsOf(tube).Grown(2.5f), outline, level, food, tissues, random, canvas);
}

void PaintSpleen(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas) {
  const float w = torso.cavity_width(), d = torso.cavity_depth(), size = random.Uniform(0.8f, 1.15f);
  const BodyPoint middle{random.Uniform(0.66f, 0.74f) * w, random.Uniform(0.34f, 0.46f) * d,
                         random.Uniform(28, 52)};
  const Ellipsoid outline{
      middle, {30 * size, 50 * size, 52 * size}, TurnedAxes(0.3f, -0.25f, random.Uniform(0.1f, 0.45f))};
  const Ellipsoid inner{middle + BodyPoint{-52 * size, -30, 0}, {40 * size, 54 * size, 48 * size}};
  const SmoothField rough(26, random.Fork(1));
  const auto distance = [&](const BodyPoint& p) {
    const float solid = SmoothIntersection(outline.Distance(p), -inner.Distance(p), 8);
    const float walls = std::max(torso.CavityDistance(p) + 2, torso.DiaphragmDistance(p) + 2);
    return SmoothIntersection(solid + 2 * rough.At(p), walls, 8);
  };
  canvas.Fill(outline.bounds(), distance, WithSeam(2, tissues, tissues.spleen, Structure::kSpleen));
}

void PaintPancreas(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas) {
  const float w = torso.cavity_width(), d = torso.cavity_depth(), thick = random.Uniform(0.75f, 1.2f);
  const float front = torso.Spine(0).y - 48;
  const TubeKnot knots[] = {{{-0.22f * w, front + 6, -36}, 13 * thick},
                            {{-0.14f * w, front + 2, -16}, 14 * thick},
                            {{0.04f * w, front - 8, -6}, 9 * thick},
                            {{0.28f * w, front + 0.10f * d, 8}, 10 * thick},
                            {{0.52f * w, front + 0.32f * d, 26}, 8 * thick}};
  const Tube tube = MakeTube(knots, 3);
  const SmoothField lobules(6, random.Fork(1));
  const auto outline = [&](const BodyPoint& p) { return Distance(tube, p) + 2.2f * lobules.At(p); };
  canvas.Fill(BoundsOf(tube).Grown(2.5f), outline,
              WithSeam(2, tissues, tissues.pancreas, Structure::kPancreas));
}

void PaintLiver(const Liver& liver, const Tissues& tissues, Random random, Canvas& canvas) {
  const auto outline = [&](const BodyPoint& p) { return liver.Distance(p); };
  canvas.Fill(liver.bounds(), outline, WithSeam(1.5f, tissues, tissues.liver, Structure::kLiver));
  // Fat in the fissure between the lobes and around the hilum: dark, and no lesion.
  const BodyPoint hilum = liver.hilum();
  const float tilt = random.Uniform(-0.25f, 0.25f);
  const RoundedBox fissure{{hilum.x + random.Uniform(8, 22), -0.62f * 90, random.Uniform(-24, 0)},
                           {random.Uniform(1, 2.6f), random.Uniform(22, 40), random.Uniform(24, 40)},
                           0.9f,
                           TurnedAxes(0.2f, 0, tilt)};
  const SmoothField rough(14, random.Fork(1));
  canvas.Fill(
      fissure.bounds(), [&](const BodyPoint& p) { return fissure.Distance(p) + 1.2f * rough.At(p); },
      Over(tissues.fat, Structure::kFat, {Structure::kLiver}));
  const Ellipsoid porta{hilum, {15, 8, 9}, TurnedAxes(0, 0.3f, -0.4f)};
  canvas.Fill(
      porta.bounds().Grown(2), [&](const BodyPoint& p) { return porta.Distance(p) + 2 * rough.At(p); },
      Over(tissues.fat, Structure::kFat, {Structure::kLiver}));
}

void PaintKidneys(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas) {
  for (const float side : {-1.0f, 1.0f}) {
    const Kidney kidney = MakeKidney(torso, side, random);
    const Structure structure = side < 0 ? Structure::kRightKidney : Structure::kLeftKidney;
    PaintKidney(kidney, structure, torso, tissues, random.Fork(side < 0 ? 1 : 2), canvas);
  }
}

void PaintGallbladder(const Liver& liver, const Tissues& tissues, Random random, Canvas& canvas) {
  if (random.Chance(0.12f)) return;  // taken out
  const BodyPoint neck = liver.gallbladder_neck();
  const float size = random.Uniform(0.7f, 1.25f);
  const BodyPoint fundus =
      neck + BodyPoint{random.Uniform(-26, -10), random.Uniform(-44, -26), random.Uniform(-34, -14)};
  const TubeKnot knots[] = {{neck, 5 * size}, {Lerp(neck, fundus, 0.5f), 12 * size}, {fundus, 14 * size}};
  const Tube tube = MakeTube(knots, 3);
  const auto outline = [&](const BodyPoint& p) { return Distance(tube, p); };
  const float wall = random.Uniform(1, 2.2f);
  const Bounds bounds = BoundsOf(tube);
  canvas.Fill(bounds, outline,
              {Layer{0, Over(tissues.gut_wall, Structure::kGallbladder)},
               Layer{-wall, Over(tissues.bile, Structure::kGallbladder)}});
  if (!random.Chance(0.2f)) return;
  const Ellipsoid stone{fundus + BodyPoint{0, 7 * size, -2}, {4 * size, 3 * size, 3.5f * size}};
  canvas.Fill(
      stone.bounds(), [&](const BodyPoint& p) { return stone.Distance(p); },
      Over(random.Uniform(120, 500), Structure::kGallbladder, {Structure::kGallbladder}));
}

}  // namespace sgpsam::synthesis
