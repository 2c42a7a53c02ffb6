// A mask on a cube of cells: a mask prompt on a patch's voxels, or what was found on the decoder's cells; and
// what prompts are made of it. For the preparation of prompts. Pure functions.
#ifndef SGPSAM_CORE_TRANSFORM_PATCH_MASK_H_
#define SGPSAM_CORE_TRANSFORM_PATCH_MASK_H_

#include <array>
#include <cstdint>
#include <vector>

#include "core/transform/placement.h"
#include "core/volume/mask.h"

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

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PATCH_MASK_H_
