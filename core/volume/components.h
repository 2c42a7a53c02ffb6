// The connected components of a mask, such as the single lesions of a label that marks them all. For the
// cases a model is trained with and for measures by lesion. A pure function without recursion; its time grows
// with the bytes of the mask and the voxels that are set, its memory with the runs of set voxels.
#ifndef SGPSAM_CORE_VOLUME_COMPONENTS_H_
#define SGPSAM_CORE_VOLUME_COMPONENTS_H_

#include <cstdint>
#include <vector>

#include "core/volume/mask.h"

namespace sgpsam {

// Which voxels are neighbours: those that share a face (6), or also those that share only an edge or a
// corner (26).
enum class Connectivity { kFaces, kFacesEdgesAndCorners };

// Set voxels side by side along i, as many as there are: voxels [begin, begin + length) in the order of the
// mask's bits, all in one row.
struct ComponentRun {
  int64_t begin = 0;
  int64_t length = 0;
  int64_t component = 0;  // index into Components::voxels
};

struct Components {
  std::vector<ComponentRun> runs;  // of all components, by `begin`
  std::vector<int64_t> voxels;     // how many each component has

  int64_t count() const { return static_cast<int64_t>(voxels.size()); }
};

// Components are numbered from 0 by their first voxel, so the same mask gives the same numbers.
Components FindComponents(const Mask& mask, Connectivity connectivity);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_VOLUME_COMPONENTS_H_
