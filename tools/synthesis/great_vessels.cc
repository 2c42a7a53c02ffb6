#include "tools/synthesis/great_vessels.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "tools/synthesis/organs.h"
#include "tools/synthesis/shapes.h"
#include "tools/synthesis/vessel_tree.h"

namespace sgpsam::synthesis {
namespace {

constexpr StructureSet kAround =
    kDisplaceable.Without({Structure::kLiver, Structure::kRightKidney, Structure::kLeftKidney});

void FillVessel(absl::Span<const TubeKnot> knots, float hu, Structure structure, StructureSet over,
                Canvas& canvas) {
  canvas.FillTube(MakeTube(knots, 4), {hu, structure, over});
}

void PaintAorta(const Torso& torso, const Tissues& tissues, Random& random, Canvas& canvas) {
  const float radius = random.Uniform(8.5f, 11.5f), sway = random.Uniform(-3, 6);
  std::vector<TubeKnot> knots;
  for (float z = 220; z >= -280; z -= 50) {
    const BodyPoint spine = torso.Spine(z);
    knots.push_back({{9 + sway * std::sin(z / 60), spine.y - 17 - radius, z}, radius * (1 + z / 1500)});
  }
  const Tube aorta = MakeTube(knots, 4);
  canvas.FillTube(aorta, {Layer{1.2f, {tissues.fat, Structure::kFat, kAround}},
                          Layer{0, {tissues.artery, Structure::kAorta}}});
  // Plaques along its wall, more of them in the old.
  const auto plaques = random.Chance(0.5f) ? random.Below(26) : 0;
  for (uint64_t n = 0; n < plaques; ++n) {
    const Capsule& at = aorta[random.Below(aorta.size())];
    const float turn = random.Uniform(0, 6.2831853f);
    const BodyPoint out{std::cos(turn), std::sin(turn), 0}, across{-out.y, out.x, 0};
    const Capsule plaque{at.from + out * (at.from_radius - 0.6f) - across * random.Uniform(1, 3),
                         at.from + out * (at.from_radius - 0.6f) + across * random.Uniform(1, 3),
                         random.Uniform(0.7f, 1.4f), random.Uniform(0.7f, 1.4f)};
    canvas.FillTube({plaque}, {random.Uniform(350, 900), Structure::kAorta});
  }
}

void PaintVenaCava(const Torso& torso, const Liver& liver, const Tissues& tissues, Random& random,
                   Canvas& canvas) {
  const float radius = random.Uniform(8, 12);
  std::vector<TubeKnot> knots;
  for (float z = -280; z < liver.outlet().z - 40; z += 45) {
    knots.push_back({torso.Spine(z) + BodyPoint{-21, -18 - radius, 0}, radius});
  }
  knots.push_back({liver.outlet() + BodyPoint{0, 4, -20}, radius});
  knots.push_back({liver.outlet() + BodyPoint{0, 0, 8}, radius});
  knots.push_back({liver.outlet() + BodyPoint{14, -8, 60}, radius});
  canvas.FillTube(MakeTube(knots, 4), {tissues.vein, Structure::kVenaCava});
}

void PaintBranches(const Torso& torso, const Liver& liver, const Tissues& tissues, Random& random,
                   Canvas& canvas) {
  const BodyPoint spine = torso.Spine(-20);
  const float front = spine.y - 38, w = torso.cavity_width();
  const auto paint = [&](absl::Span<const TubeKnot> knots, float hu) {
    FillVessel(knots, hu, Structure::kVessel, kAround, canvas);
  };
  for (const float side : {-1.0f, 1.0f}) {  // renal arteries and veins
    const float z = side > 0 ? -22.0f : -34.0f;
    const TubeKnot artery[] = {{{9 + side * 6, front + 10, z}, 3},
                               {{side * 0.25f * w, front + 22, z - 4}, 2.6f},
                               {{side * 0.42f * w, spine.y + 2, z - 6}, 2}};
    paint(artery, tissues.artery);
    const TubeKnot vein[] = {{{-21, front + 6, z + 4}, 5},
                             {{side * 0.22f * w, side > 0 ? front : front + 8, z + 2}, 4.5f},
                             {{side * 0.42f * w, spine.y - 2, z}, 3.5f}};
    paint(vein, tissues.vein);
  }
  const TubeKnot coeliac[] = {{{9, front + 2, 14}, 3.5f},
                              {{8, front - 10, 16}, 3.2f},
                              {{-18, front - 16, 14}, 2.4f},
                              {liver.hilum() + BodyPoint{14, 4, 0}, 2}};
  paint(coeliac, tissues.artery);
  const float droop = random.Uniform(-12, 8);
  const TubeKnot splenic[] = {
      {{-8, front - 8, -4}, 5}, {{0.25f * w, front + 4, 10 + droop}, 4}, {{0.55f * w, front + 30, 30}, 3.5f}};
  paint(splenic, tissues.vein);
  const TubeKnot portal[] = {{{-8, front - 10, -60}, 5},
                             {{-8, front - 8, -4}, 6},
                             {Lerp({-8, front - 8, -4}, liver.hilum(), 0.6f), 6.5f},
                             {liver.hilum(), 6}};
  FillVessel(portal, tissues.vein, Structure::kVessel, kDisplaceable, canvas);
}

}  // namespace

void PaintGreatVessels(const Torso& torso, const Liver& liver, const Tissues& tissues, Random random,
                       Canvas& canvas) {
  PaintVenaCava(torso, liver, tissues, random, canvas);
  PaintAorta(torso, tissues, random, canvas);
  PaintBranches(torso, liver, tissues, random, canvas);
}

void PaintCalcifications(const Liver& liver, Random random, Canvas& canvas) {
  const auto spots = random.Chance(0.35f) ? 1 + random.Below(3) : 0;
  for (uint64_t n = 0; n < spots; ++n) {
    const Ellipsoid spot{liver.PointInside(3, random),
                         {random.Uniform(1, 2), random.Uniform(1, 2), random.Uniform(1, 2)}};
    canvas.Fill(spot.bounds(), [&](const BodyPoint& p) { return spot.Distance(p); },
                {random.Uniform(300, 800), Structure::kLiver, {Structure::kLiver}});
  }
}

Tube GrowLiverVessels(const Liver& liver, Random random) {
  Tube all;
  for (const bool portal : {true, false}) {
    std::vector<BodyPoint> ends;
    const auto count = 26 + random.Below(24);
    for (uint64_t n = 0; n < count; ++n) ends.push_back(liver.PointInside(5, random));
    const Tube tree = GrowVesselTree(portal ? liver.hilum() : liver.outlet(),
                                     portal ? random.Uniform(4.6f, 6) : random.Uniform(4.8f, 6.4f),
                                     std::move(ends), random.Fork(portal ? 1 : 2));
    std::copy(tree.begin(), tree.end(), std::back_inserter(all));
  }
  return all;
}

void PaintLiverVessels(const Tube& vessels, const Tissues& tissues, Canvas& canvas) {
  canvas.FillTube(
      vessels, {tissues.liver_vein, Structure::kLiverVessel, {Structure::kLiver, Structure::kLiverVessel}});
}

}  // namespace sgpsam::synthesis
