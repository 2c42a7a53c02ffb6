// How bright each tissue of a case is: drawn with the phase of the contrast medium, because the phase decides
// what is brighter than what. Plain values.
#ifndef SGPSAM_TOOLS_SYNTHESIS_TISSUES_H_
#define SGPSAM_TOOLS_SYNTHESIS_TISSUES_H_

#include "tools/synthesis/random.h"
#include "tools/synthesis/structures.h"

namespace sgpsam::synthesis {

// HU.
struct Tissues {
  float fat = 0, skin = 0, muscle = 0, marrow = 0, cortical_bone = 0, lung = 0, bile = 0, fluid = 0;
  float liver = 0, spleen = 0, renal_cortex = 0, renal_medulla = 0, pancreas = 0, gut_wall = 0, heart = 0;
  float artery = 0, vein = 0, liver_vein = 0;

  // What most of a structure is filled with.
  float Of(Structure structure) const;
};

// Portal venous phase mostly; arterial phase and no contrast medium at all now and then.
Tissues DrawTissues(Random random);

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_TISSUES_H_
