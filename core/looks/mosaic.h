// A lesion larger than one patch: further patches, half a patch apart on the first one's grid, laid where the
// mask touches a face, and the logits of all of them put together. What to lay next and how to put together
// are pure functions; the loop is LookMaker::Follow.
//
// Where patches overlap, their logits are averaged with weights that fall linearly from a patch's middle to
// its faces. At a face the model sees no context on one side, while the neighbour has its middle there; and
// since neighbours lie half a patch apart, two weights always add up to one: the logits fade from patch to
// patch without a seam, which the nearest patch's alone would have.
#ifndef SGPSAM_CORE_LOOKS_MOSAIC_H_
#define SGPSAM_CORE_LOOKS_MOSAIC_H_

#include <array>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "core/engine/engine.h"
#include "core/transform/logits_box.h"
#include "core/transform/placement.h"

namespace sgpsam {

// Where a patch lies, in halves of a patch from the first, by patch axis.
using TilePosition = std::array<int, 3>;

// What was asked and answered for one patch. Always: the logits are of the sizes that the functions below are
// given, the clicks in the voxels of this patch; of several tiles the first lies at 0,0,0, and no two at one
// place. LookMaker, which alone makes them, sees to that.
struct Tile {
  TilePosition at{};
  std::vector<Click> clicks;
  std::vector<float> logits;  // sizes.logits_floats()
};

Placement PlaceTile(const Placement& first, const TilePosition& at);
// Whether a lesion is followed as far as that (LookPolicy.farthest_tile).
bool MayLieAt(const TilePosition& at);
// The tile whose middle is nearest to a voxel of the first patch, which may lie outside of it.
TilePosition NearestTile(const Placement& first, const std::array<double, 3>& patch_voxel);

// The tiles' logits as one; tiles[0] lies at 0,0,0, the sizes' patch and logits_side are even. Every cell
// above 0 is connected to the first tile's answer or to a positive click: what is not, over the 26 neighbours
// of a cell, has its sign turned, for a neighbour may see other lesions. One tile alone comes out as it went
// in.
LogitsBox MergeTiles(const Placement& first, absl::Span<const Tile> tiles, const PatchSizes& sizes);

// How far the answer of a further tile agrees with what was found before: Dice of the two masks over the
// cells that both have seen, 0 to 1; 0 where neither has a mask there.
// LookPolicy.least_agreement says how much it takes.
double Agreement(const LogitsBox& merged, const Placement& first, const Tile& tile);

// The next patch to lay: of the first tile, in their order, that has an open face, the neighbour beyond the
// first such face in the order -i, +i, -j, +j, -k, +k; so patches are laid breadth first. A face is open if
// the lesion lies in a cell on it, nothing was seen beyond that cell and the volume goes on there. The lesion
// is what is connected to the positive clicks, or everything if they hit nothing. Never one of `tried`, or
// further away than MayLieAt has it. `merged` is that of the tiles.
std::optional<TilePosition> NextTile(const LogitsBox& merged, const Placement& first,
                                     absl::Span<const Tile> tiles, absl::Span<const TilePosition> tried);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_MOSAIC_H_
