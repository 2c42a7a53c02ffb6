// Loops of small bowel and colon, and the vessels of the mesentery: what fills the lower cavity, and looks
// like a lesion to who does not follow it from slice to slice. Pure but for what it paints.
#ifndef SGPSAM_TOOLS_SYNTHESIZE_BOWEL_H_
#define SGPSAM_TOOLS_SYNTHESIZE_BOWEL_H_

#include "tools/synthesize/canvas.h"
#include "tools/synthesize/random.h"
#include "tools/synthesize/tissues.h"
#include "tools/synthesize/torso.h"

namespace sgpsam::synthesis {

void PaintMesentery(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);
void PaintSmallBowel(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);
void PaintColon(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIZE_BOWEL_H_
