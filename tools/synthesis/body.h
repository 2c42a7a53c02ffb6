// The parts of a body that all organs lie in: wall, muscles, chest, skeleton. Painted before the organs.
// Pure functions of their arguments, apart from what they paint.
#ifndef SGPSAM_TOOLS_SYNTHESIS_BODY_H_
#define SGPSAM_TOOLS_SYNTHESIS_BODY_H_

#include "tools/synthesis/canvas.h"
#include "tools/synthesis/random.h"
#include "tools/synthesis/tissues.h"
#include "tools/synthesis/torso.h"

namespace sgpsam::synthesis {

// Air, table, skin, fat, the muscles of the wall, and fat where the organs will lie.
void PaintTorso(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);
// The muscles along the spine.
void PaintBackMuscles(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);
// Lungs, heart and diaphragm.
void PaintChest(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);
void PaintRibs(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);
void PaintSpine(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_BODY_H_
