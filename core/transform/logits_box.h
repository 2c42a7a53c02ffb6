// The decoder's logits where they lie in a volume: those of one patch, or of several that were put together
// (mosaic.h). What masks and probabilities are made of (restore.h). Plain values.
#ifndef SGPSAM_CORE_TRANSFORM_LOGITS_BOX_H_
#define SGPSAM_CORE_TRANSFORM_LOGITS_BOX_H_

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/engine/engine.h"
#include "core/transform/placement.h"

namespace sgpsam {

// Always, kept by OnePatch and MergeTiles, which make them: `values` has a value for each cell, `seen` too or
// none; a cell is a cube, of cell_voxels() on each side; what was not seen has the value 0. Only a box that
// says no more than where the bits of a mask lie (restore.h) has no values.
struct LogitsBox {
  Placement placement;              // the grid, and the box's first voxel on it
  std::array<int64_t, 3> voxels{};  // of that grid, by patch axis
  std::array<int64_t, 3> cells{};   // of the decoder; each covers a whole number of voxels
  std::vector<float> values;        // by cell, row-major i, j, k; > 0 is inside
  // By cell: 0 where no patch was decoded; empty: seen everywhere. The value there is 0, so that upsampling
  // next to it keeps the sign of what was seen, only weaker.
  std::vector<uint8_t> seen;

  int64_t Offset(int64_t i, int64_t j, int64_t k) const { return (i * cells[1] + j) * cells[2] + k; }
  bool Contains(int64_t i, int64_t j, int64_t k) const {
    return i >= 0 && i < cells[0] && j >= 0 && j < cells[1] && k >= 0 && k < cells[2];
  }
  // False outside the box too.
  bool Seen(int64_t i, int64_t j, int64_t k) const {
    return Contains(i, j, k) && (seen.empty() || seen[Offset(i, j, k)] != 0);
  }
  int64_t cell_voxels() const { return voxels[0] / cells[0]; }  // on each side of a cell
};

// `logits` has sizes.logits_floats() values; the patch lies at `placement`.
inline LogitsBox OnePatch(std::vector<float> logits, const PatchSizes& sizes, const Placement& placement) {
  LogitsBox box;
  box.placement = placement;
  box.voxels.fill(sizes.patch);
  box.cells.fill(sizes.logits_side);
  box.values = std::move(logits);
  return box;
}

// How confident the logits are in their mask: the Dice that it would have with the lesion if every cell were
// lesion as likely as its logit says, 0 to 1; 0 without a mask. On made-up lesions it went with the true Dice
// (a correlation of 0.6 to 0.7), which the head that predicts the IoU, not trained with the rest, did not.
double ExpectedDice(const LogitsBox& box);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_LOGITS_BOX_H_
