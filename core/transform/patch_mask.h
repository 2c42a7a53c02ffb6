// A mask on a cube of cells: a mask prompt on a patch's voxels, or what was found on the decoder's cells; and
// what prompts are made of it. For the preparation of prompts. Pure functions.
#ifndef SGPSAM_CORE_TRANSFORM_PATCH_MASK_H_
#define SGPSAM_CORE_TRANSFORM_PATCH_MASK_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/transform/placement.h"
#include "core/volume/mask.h"
#include "core/volume/voxel_runs.h"

namespace sgpsam {

class PatchMask {
 public:
  explicit PatchMask(int64_t side)
      : side_(side), inside_(side * side * side), low_{{side, side, side}}, high_{{-1, -1, -1}} {}

  void Set(const std::array<int64_t, 3>& cell);  // i, j, k; again: nothing happens
  bool at(int64_t i, int64_t j, int64_t k) const { return inside_[(i * side_ + j) * side_ + k] != 0; }

  int64_t side() const { return side_; }
  int64_t count() const { return count_; }
  const std::array<int64_t, 3>& low() const { return low_; }    // inclusive bounds of what is inside
  const std::array<int64_t, 3>& high() const { return high_; }  // below `low` if nothing is

 private:
  int64_t side_ = 0, count_ = 0;
  std::vector<uint8_t> inside_;  // row-major i, j, k
  std::array<int64_t, 3> low_, high_;
};

// The voxels of the patch whose nearest voxel in the volume is in the mask; if there are none, because the
// mask is thinner than the patch's voxels, those nearest to the mask's voxels.
PatchMask SampleMask(const Mask& mask, const Placement& placement);

// The same of voxels of a volume of `shape`; `runs` as Ordered gives them. Costs what their box within the
// patch does.
PatchMask SampleRuns(absl::Span<const VoxelRun> runs, const Shape& shape, const Placement& placement);

// What a mask prompt turns into: +-8 where a cell of the decoder's grid lies all inside or outside the
// mask (sigmoid 0.9997), in proportion to the share of the cell's voxels between. The mask says where
// the target is, so it is as confident as the model's own logits ever are, and no more.
inline constexpr float kMaskPromptLogit = 8.0f;

// kMaskPromptLogit by the share of each cell's voxels; mask.side() is a multiple of
// `logits_side`.
std::vector<float> MaskToLogits(const PatchMask& mask, int64_t logits_side);

// The cell deepest inside, the cube's border counting as outside; among equals the one nearest to the middle
// of the mask's bounding box. The mask is not empty.
std::array<int64_t, 3> DeepestCell(const PatchMask& mask);

// At most `most` different cells of the mask, spread over it: DeepestCell, and then always the one that is
// furthest from all before it (farthest-point sampling; of equal ones the first, row-major). Fewer if it has
// fewer. A large mask is thinned before: cells are 1 in so many of its own that no more than
// kSpreadCandidates stand to choice.
inline constexpr int64_t kSpreadCandidates = 32768;
std::vector<std::array<int64_t, 3>> SpreadCells(const PatchMask& mask, size_t most);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PATCH_MASK_H_
