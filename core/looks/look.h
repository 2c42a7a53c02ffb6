// One target seen at one spacing, and which of several such looks counts. Plain values, pure functions.
#ifndef SGPSAM_CORE_LOOKS_LOOK_H_
#define SGPSAM_CORE_LOOKS_LOOK_H_

#include <cstdint>
#include <vector>

#include "core/engine/engine.h"
#include "core/looks/blend_looks.h"
#include "core/looks/mosaic.h"
#include "core/transform/logits_box.h"
#include "core/transform/placement.h"
#include "core/transform/prompts.h"
#include "core/transform/restore.h"

namespace sgpsam {

// One patch around the prompts, and what the model answered: what a refinement goes on from.
struct FirstPatch {
  Placement placement;
  MaskLogits answer;
  std::vector<float> gate_scores;
  std::vector<PromptUse> uses;
};

// All patches on one grid, and the mask that they make. Always: `merged` is MergeTiles of `tiles`, and the
// first tile lies at `first`; every tile's position is among `tried`, so that no place is looked at twice;
// `restored` is of `merged`. LookMaker sees to that. Without tiles,
// where there was nothing to encode or to ask, there is no mask.
struct Look {
  Placement first;
  std::vector<Tile> tiles;
  std::vector<TilePosition> tried;  // tiles, and places that gave none
  LogitsBox merged;
  RestoredMask restored;
  // Of a local refinement: no click contradicts the previous logits, so that nothing of them was changed.
  bool kept_whole = false;
  float iou_prediction = 0;  // of the first tile
  // What was blended into the first tile, whose own logits are still refine_from.answer's then, and how far
  // all of them are from each other (BlendedLooks.spread); without values: nothing was.
  std::vector<OtherLook> others;
  LogitsBox spread;
  FirstPatch refine_from;  // its own, or that of the look that it is a closer one of
};

// What of a look tells whether it is to be believed.
struct LookQuality {
  bool found = false;  // a mask
  double missed = 0;   // share of the points: positive ones outside of the mask, negative ones in it
  // The mask touches a face beyond which the volume goes on, or a positive point lies beyond all patches.
  bool cut_off = false;
  double seen_mm = 0;  // the side of its first patch
  // Of a refinement: how many times as large the mask is as its clicks can mean, 1 where it is not larger.
  double overgrown = 1;
  // What the model's IoU head says, or, unless that has learned it (ModelInfo.predicts_iou), ExpectedDice of
  // the logits.
  double expected_dice = 0;
};

// The Dice to expect of the whole mask, 0 to 1: of one that is overgrown no more than if all that its clicks
// can mean were right; less for points that it misses and where it is cut off (LookPolicy).
double Worth(const LookQuality& look);

// Whether `a` is to be taken rather than `b`: what found something; of those, what is worth more.
bool BetterLook(const LookQuality& a, const LookQuality& b);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_LOOK_H_
