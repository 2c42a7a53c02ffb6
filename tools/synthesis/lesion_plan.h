// Which lesions a case has and where they lie: decided on the painted organs, before the vessels of the liver
// and the lesions themselves are painted. Pure functions.
#ifndef SGPSAM_TOOLS_SYNTHESIS_LESION_PLAN_H_
#define SGPSAM_TOOLS_SYNTHESIS_LESION_PLAN_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/synthesis/anatomy.h"
#include "tools/synthesis/canvas.h"
#include "tools/synthesis/lesion_shape.h"
#include "tools/synthesis/random.h"
#include "tools/synthesis/raster.h"
#include "tools/synthesis/structures.h"

namespace sgpsam::synthesis {

// What is not given is drawn.
struct LesionOptions {
  std::optional<int> count;           // 1 to 32; drawn: 1 to 6
  std::optional<double> diameter_mm;  // of a sphere of the lesion's volume, 2 to 100; drawn: 4 to 60
  std::optional<double> contrast_hu;  // against the organ; drawn: 15 to 70 of either sign, more often dark;
                                      // in fat the difference to soft tissue
  std::optional<Structure> organ;     // liver, spleen, a kidney, muscle or fat
};

// INVALID_ARGUMENT names the option that is out of range.
absl::Status CheckLesionOptions(const LesionOptions& options);

struct PlannedLesion {
  Structure organ = Structure::kLiver;
  float contrast_hu = 0;
  BodyPoint centre;
  LesionShape shape;
  Raster raster;
};

// The largest first; none touches another. At least one, or INVALID_ARGUMENT if there is no room for one in
// the view; fewer than were asked for if the rest found no room.
absl::StatusOr<std::vector<PlannedLesion>> PlanLesions(const LesionOptions& options, const Anatomy& anatomy,
                                                       const Canvas& canvas, Random random);

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_LESION_PLAN_H_
