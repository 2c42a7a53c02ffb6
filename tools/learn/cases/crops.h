// The parts of a case that a training looks at: boxes around its targets,
// as far as a patch there reaches. Pure functions.
#ifndef SGPSAM_TOOLS_LEARN_CASES_CROPS_H_
#define SGPSAM_TOOLS_LEARN_CASES_CROPS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/volume/voxel_runs.h"
#include "tools/learn/cases/case.h"

namespace sgpsam {

struct CropBox {
  VoxelBox box;  // inside the volume
  std::vector<int64_t>
      targets;  // that lie in it with the margin around them, as far as the volume goes; ascending
};

// Every target is in exactly one. Boxes that would cost less as one are one.
std::vector<CropBox> CropBoxes(const Case& source, double margin_mm);

// The box as a case: its own targets are numbered 1 to target_count in their order, others that it shows
// follow. Its name is the case's. RESOURCE_EXHAUSTED without memory for it.
absl::StatusOr<Case> Crop(const Case& source, const CropBox& crop);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_CROPS_H_
