// The organs of a case apart from the bowel, painted into the fat of the cavity in this order. Each leaves a
// seam of fat towards what lies there already. Pure functions of their arguments, apart from what they paint.
#ifndef SGPSAM_TOOLS_SYNTHESIS_ORGANS_H_
#define SGPSAM_TOOLS_SYNTHESIS_ORGANS_H_

#include <array>

#include "tools/synthesis/canvas.h"
#include "tools/synthesis/liver.h"
#include "tools/synthesis/random.h"
#include "tools/synthesis/tissues.h"
#include "tools/synthesis/torso.h"

namespace sgpsam::synthesis {

void PaintStomach(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);
void PaintSpleen(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);
void PaintPancreas(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);
void PaintLiver(const Liver& liver, const Tissues& tissues, Random random, Canvas& canvas);
void PaintKidneys(const Torso& torso, const Tissues& tissues, Random random, Canvas& canvas);
void PaintGallbladder(const Liver& liver, const Tissues& tissues, Random random, Canvas& canvas);

// What an organ may displace: all but bone, lung, heart, the wall and what is outside.
constexpr StructureSet kDisplaceable =
    StructureSet::All().Without({Structure::kOutside, Structure::kLung, Structure::kHeart, Structure::kSpine,
                                 Structure::kRib, Structure::kMuscle});

// An organ and, around it, a seam of fat of `gap` mm.
inline std::array<Layer, 2> WithSeam(float gap, const Tissues& tissues, float hu, Structure structure,
                                     StructureSet over = kDisplaceable) {
  return {{{gap, {tissues.fat, Structure::kFat, over}}, {0, {hu, structure, over}}}};
}

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_ORGANS_H_
