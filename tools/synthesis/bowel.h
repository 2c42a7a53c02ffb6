// Loops of small bowel and colon, and the vessels of the mesentery: what fills the lower cavity, and looks
// like a lesion to who does not follow it from slice to slice. Pure but for what it paints.
#ifndef SGPSAM_TOOLS_SYNTHESIS_BOWEL_H_
#define SGPSAM_TOOLS_SYNTHESIS_BOWEL_H_

#include "tools/synthesis/canvas.h"
#include "tools/synthesis/random.h"
#include "tools/synthesis/tissues.h"
#include "tools/synthesis/torso.h"

namespace sgpsam::synthesis {

void PaintMesentery(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);
void PaintSmallBowel(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);
void PaintColon(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_BOWEL_H_
