#include "tools/synthesis/anatomy.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "tools/synthesis/body.h"
#include "tools/synthesis/bowel.h"
#include "tools/synthesis/great_vessels.h"
#include "tools/synthesis/organs.h"
#include "tools/synthesis/smooth_field.h"

namespace sgpsam::synthesis {
namespace {

enum Part : uint64_t {
  kTorso,
  kLiver,
  kTissues,
  kLiverVessels,
  kWall,
  kBack,
  kChest,
  kRibs,
  kSpine,
  kMesentery,
  kSmallBowel,
  kColon,
  kStomach,
  kSpleen,
  kPancreas,
  kLiverFat,
  kKidneys,
  kGreatVessels,
  kGallbladder,
  kCalcifications,
  kMottle
};

// HU by which a tissue varies from place to place, by structure.
std::array<float, kStructures> MottleOf(Random& random) {
  std::array<float, kStructures> hu{};
  for (int n = 1; n < kStructures; ++n) hu[n] = 5;
  hu[static_cast<size_t>(Structure::kLiver)] = random.Uniform(3, 9);
  hu[static_cast<size_t>(Structure::kMuscle)] = random.Uniform(8, 20);
  hu[static_cast<size_t>(Structure::kFat)] = random.Uniform(8, 18);
  hu[static_cast<size_t>(Structure::kPancreas)] = 18;
  hu[static_cast<size_t>(Structure::kSpine)] = 40;
  hu[static_cast<size_t>(Structure::kLung)] = 30;
  return hu;
}

void Mottle(Random random, Canvas& canvas) {
  const View& view = canvas.view();
  const std::array<float, kStructures> hu = MottleOf(random);
  const SmoothField field(random.Uniform(4, 8), random.Fork(1));
  size_t n = 0;
  for (int64_t k = 0; k < view.shape.k; ++k) {
    for (int64_t j = 0; j < view.shape.j; ++j) {
      for (int64_t i = 0; i < view.shape.i; ++i, ++n) {
        const float amount = hu[canvas.structures()[n]];
        if (amount != 0) canvas.hu()[n] += amount * field.At(view.At(i, j, k));
      }
    }
  }
}

}  // namespace

Anatomy::Anatomy(Random random)
    : random_(random),
      torso_(random.Fork(kTorso)),
      liver_(torso_, random.Fork(kLiver)),
      tissues_(DrawTissues(random.Fork(kTissues))),
      liver_vessels_(GrowLiverVessels(liver_, random.Fork(kLiverVessels))) {}

void Anatomy::Paint(Canvas& canvas) const {
  const auto part = [this](Part p) { return random_.Fork(p); };
  PaintTorso(torso_, tissues_, part(kWall), canvas);
  PaintChest(torso_, tissues_, part(kChest), canvas);
  PaintBackMuscles(torso_, tissues_, part(kBack), canvas);
  PaintRibs(torso_, tissues_, part(kRibs), canvas);
  PaintSpine(torso_, tissues_, part(kSpine), canvas);
  PaintMesentery(torso_, tissues_, part(kMesentery), canvas);
  PaintSmallBowel(torso_, tissues_, part(kSmallBowel), canvas);
  PaintColon(torso_, tissues_, part(kColon), canvas);
  PaintStomach(torso_, tissues_, part(kStomach), canvas);
  PaintSpleen(torso_, tissues_, part(kSpleen), canvas);
  PaintPancreas(torso_, tissues_, part(kPancreas), canvas);
  PaintLiver(liver_, tissues_, part(kLiverFat), canvas);
  PaintKidneys(torso_, tissues_, part(kKidneys), canvas);
  PaintGreatVessels(torso_, liver_, tissues_, part(kGreatVessels), canvas);
  PaintGallbladder(liver_, tissues_, part(kGallbladder), canvas);
  PaintCalcifications(liver_, part(kCalcifications), canvas);
  Mottle(part(kMottle), canvas);
}

}  // namespace sgpsam::synthesis
