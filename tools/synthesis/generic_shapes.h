// Shapes that mean nothing, anywhere in the body: what a model that is promptable for anything is trained on
// before it ever sees a lesion. Pure functions.
#ifndef SGPSAM_TOOLS_SYNTHESIS_GENERIC_SHAPES_H_
#define SGPSAM_TOOLS_SYNTHESIS_GENERIC_SHAPES_H_

#include <vector>

#include "tools/synthesis/canvas.h"
#include "tools/synthesis/random.h"
#include "tools/synthesis/raster.h"

namespace sgpsam::synthesis {

struct GenericShape {
  float contrast_hu = 0;
  bool see_through = false;  // added to what lies there, instead of replacing it
  Raster raster;
};

// 3 to 8 blobs, ellipsoids, rounded boxes and tubes of 6 to 80 mm (tubes: 6 to 24 mm thick) with contrasts of
// 12 to 120 HU of either sign; none touches another. Fewer if they find no room; none in a view without a
// body.
std::vector<GenericShape> PlanGenericShapes(const Canvas& canvas, Random random);

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_GENERIC_SHAPES_H_
