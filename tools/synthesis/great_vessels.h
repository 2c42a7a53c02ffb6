// Aorta, vena cava and the vessels to and from the organs, with their calcifications: bright cross-sections
// that are no lesions. Pure but for what it paints.
#ifndef SGPSAM_TOOLS_SYNTHESIS_GREAT_VESSELS_H_
#define SGPSAM_TOOLS_SYNTHESIS_GREAT_VESSELS_H_

#include "tools/synthesis/canvas.h"
#include "tools/synthesis/liver.h"
#include "tools/synthesis/random.h"
#include "tools/synthesis/tissues.h"
#include "tools/synthesis/torso.h"

namespace sgpsam::synthesis {

void PaintGreatVessels(const Torso& torso, const Liver& liver, const Tissues& tissues, Random random,
                       Canvas& canvas);
// Small very bright spots in the organs, scars of old infections.
void PaintCalcifications(const Liver& liver, Random random, Canvas& canvas);

// The vessels inside the liver: portal and hepatic veins.
Tube GrowLiverVessels(const Liver& liver, Random random);
void PaintLiverVessels(const Tube& vessels, const Tissues& tissues, Canvas& canvas);

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_GREAT_VESSELS_H_
