// Which part of the body a volume shows. Pure functions.
#ifndef SGPSAM_TOOLS_SYNTHESIS_FIELD_OF_VIEW_H_
#define SGPSAM_TOOLS_SYNTHESIS_FIELD_OF_VIEW_H_

#include <array>

#include "core/volume/geometry.h"
#include "tools/synthesis/anatomy.h"
#include "tools/synthesis/body_point.h"
#include "tools/synthesis/canvas.h"
#include "tools/synthesis/random.h"

namespace sgpsam::synthesis {

// 0.7 to 0.9 mm in plane, 1 to 5 mm between slices, as abdominal CT is read.
std::array<double, 3> DrawSpacing(Random random);

// A view of that size which shows `focus`, somewhere, and leaves the body only where it is wider than the
// body.
View ChooseView(const Shape& shape, const std::array<double, 3>& spacing_mm, const BodyPoint& focus,
                const Torso& torso, Random random);

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_FIELD_OF_VIEW_H_
