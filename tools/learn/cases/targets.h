// What clicks should segment, out of the voxels of one label. Pure functions.
#ifndef SGPSAM_TOOLS_LEARN_CASES_TARGETS_H_
#define SGPSAM_TOOLS_LEARN_CASES_TARGETS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/volume/grid_match.h"
#include "core/volume/mask.h"
#include "core/volume/volume.h"

namespace sgpsam {

struct TargetChoice {
  enum class Each { kComponent, kLabel };

  Each each = Each::kComponent;  // each connected component (26 neighbours) by itself, or all of them as one
  int64_t min_voxels = 1;        // smaller components are left out
};

struct Targets {
  Volume volume;           // Case::targets
  int64_t count = 0;       // Case::target_count
  int64_t components = 0;  // with those that were left out
};

// `label` lies on the image's grid by `map`. Targets are numbered by their first voxel in the label's own
// order. INVALID_ARGUMENT for more than Case::kMaxTargets, RESOURCE_EXHAUSTED without memory for 2 bytes a
// voxel.
absl::StatusOr<Targets> MakeTargets(const Mask& label, const GridMap& map, const Geometry& image,
                                    const TargetChoice& options);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_TARGETS_H_
