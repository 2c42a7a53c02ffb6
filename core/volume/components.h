// The connected parts of a mask: what splits the tumour label of a data set into lesions, and what a click
// simulator looks for in a prediction's errors. Pure functions without recursion; thread-safe. The cost is
// that of the mask's runs, whatever the volume's size (beyond one look at its bits).
#ifndef SGPSAM_CORE_VOLUME_COMPONENTS_H_
#define SGPSAM_CORE_VOLUME_COMPONENTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/volume/mask.h"
#include "core/volume/voxel_runs.h"

namespace sgpsam {

// Which voxels are neighbours: the 6 that share a face, or the 26 that share a face, an edge or a corner.
enum class Connectivity { k6, k26 };

// Numbered from 0 by their first voxel in the order of the mask's bits, so the same mask gives the same
// numbers.
struct Components {
  std::vector<VoxelRun> runs;  // of one component after the other, each one's in the order of the mask's bits
  std::vector<size_t> begins;  // where each component's runs begin, and last where all of them end
  std::vector<int64_t> voxels;  // how many each component has

  size_t count() const { return voxels.size(); }
  absl::Span<const VoxelRun> runs_of(size_t component) const {
    return absl::MakeConstSpan(runs).subspan(begins[component], begins[component + 1] - begins[component]);
  }
  // The one with the most voxels, of equal ones the first; count() is at least 1.
  size_t largest() const;
};

Components FindComponents(const Mask& mask, Connectivity connectivity = Connectivity::k26);
// Of a set of voxels; its runs as RunsOf gives them.
Components FindComponents(const std::vector<VoxelRun>& runs, Connectivity connectivity = Connectivity::k26);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_VOLUME_COMPONENTS_H_
