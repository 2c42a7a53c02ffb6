// The connected parts of a mask: what splits the tumour label of a data set into lesions, and what the
// click simulator looks for in a prediction's errors. Pure functions; thread-safe. The cost is that of the
// mask's runs, whatever the volume's size (beyond one look at its bits).
#ifndef SGPSAM_CORE_EVALUATION_COMPONENTS_H_
#define SGPSAM_CORE_EVALUATION_COMPONENTS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "core/evaluation/voxel_runs.h"
#include "core/volume/mask.h"

namespace sgpsam {

// Which voxels are neighbours: the 6 that share a face, or the 26 that share a face, an edge or a corner.
enum class Connectivity { k6, k26 };

struct Component {
  std::vector<VoxelRun> runs;  // in the order of the mask's bits; MaskOf(shape, runs) is its mask
  uint64_t voxels = 0;
  VoxelBox box;
};

// Ordered by the first voxel of each, in the order of the mask's bits.
std::vector<Component> ConnectedComponents(const Mask& mask, Connectivity connectivity = Connectivity::k26);

// The one with the most voxels, of equal ones the first; nullopt of an empty mask.
std::optional<Component> LargestComponent(const Mask& mask, Connectivity connectivity = Connectivity::k26);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_EVALUATION_COMPONENTS_H_
