#include "tools/synthesis/tissues.h"

namespace sgpsam::synthesis {
namespace {

void DrawPortalVenous(Tissues& hu, Random& random) {
  hu.liver = random.Uniform(92, 122);
  hu.spleen = random.Uniform(108, 132);
  hu.artery = random.Uniform(135, 175);
  hu.vein = random.Uniform(130, 165);
  hu.liver_vein = hu.liver + random.Uniform(32, 62);
  hu.renal_cortex = random.Uniform(165, 200);
  hu.renal_medulla = hu.renal_cortex - random.Uniform(5, 35);
}

void DrawArterial(Tissues& hu, Random& random) {
  hu.liver = random.Uniform(66, 84);
  hu.spleen = random.Uniform(105, 140);
  hu.artery = random.Uniform(240, 340);
  hu.vein = random.Uniform(60, 110);
  hu.liver_vein = hu.liver + random.Uniform(5, 40);
  hu.renal_cortex = random.Uniform(170, 220);
  hu.renal_medulla = random.Uniform(75, 105);
}

void DrawUnenhanced(Tissues& hu, Random& random) {
  hu.liver = random.Uniform(46, 64);
  hu.spleen = random.Uniform(42, 52);
  hu.artery = random.Uniform(36, 46);
  hu.vein = random.Uniform(36, 46);
  hu.liver_vein = random.Uniform(34, 44);
  hu.renal_cortex = random.Uniform(28, 38);
  hu.renal_medulla = hu.renal_cortex;
}

}  // namespace

Tissues DrawTissues(Random random) {
  Tissues hu;
  hu.fat = random.Uniform(-114, -94);
  hu.skin = random.Uniform(-10, 25);
  hu.muscle = random.Uniform(48, 66);
  hu.marrow = random.Uniform(120, 230);
  hu.cortical_bone = random.Uniform(420, 720);
  hu.lung = random.Uniform(-890, -820);
  hu.bile = random.Uniform(2, 16);
  hu.fluid = random.Uniform(5, 28);
  const float phase = random.Uniform(0, 1);
  if (phase < 0.68f) {
    DrawPortalVenous(hu, random);
  } else if (phase < 0.87f) {
    DrawArterial(hu, random);
  } else {
    DrawUnenhanced(hu, random);
  }
  if (random.Chance(0.2f)) hu.liver -= random.Uniform(8, 28);  // fatty
  hu.pancreas = 0.6f * hu.liver + 0.4f * hu.muscle;
  hu.gut_wall = 0.4f * hu.liver + 0.6f * hu.muscle;
  hu.heart = 0.5f * (hu.artery + hu.vein);
  return hu;
}

float Tissues::Of(Structure structure) const {
  switch (structure) {
    case Structure::kOutside: return -1000;
    case Structure::kLiver: return liver;
    case Structure::kSpleen: return spleen;
    case Structure::kRightKidney:
    case Structure::kLeftKidney: return 0.5f * (renal_cortex + renal_medulla);
    case Structure::kStomach:
    case Structure::kBowel: return fluid;
    case Structure::kGallbladder: return bile;
    case Structure::kPancreas: return pancreas;
    case Structure::kLiverVessel: return liver_vein;
    case Structure::kAorta: return artery;
    case Structure::kVenaCava:
    case Structure::kVessel: return vein;
    case Structure::kHeart: return heart;
    case Structure::kLung: return lung;
    case Structure::kSpine:
    case Structure::kRib: return marrow;
    case Structure::kMuscle: return muscle;
    case Structure::kFat: break;
  }
  return fat;
}

}  // namespace sgpsam::synthesis
