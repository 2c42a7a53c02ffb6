// The last step of a target: the mask does what its prompts ask for, whatever the model says (the contract's
// Prompts). Pure functions; the work is done on the runs of voxels within the mask's bounding box, so it
// costs what the lesion and the prompts do, not what the volume does.
#ifndef SGPSAM_CORE_TRANSFORM_OBEY_PROMPTS_H_
#define SGPSAM_CORE_TRANSFORM_OBEY_PROMPTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "core/engine/engine.h"
#include "core/transform/logits_box.h"
#include "core/transform/placement.h"
#include "core/transform/prompts.h"
#include "core/transform/restore.h"
#include "core/volume/geometry.h"
#include "core/volume/voxel_runs.h"

namespace sgpsam {

// By how much of its size, along each axis and on both sides, a positive box is grown before it cuts: boxes
// are drawn by hand, in few slices, and one that is tight on the lesion misses parts of its border. Not
// measured.
inline constexpr double kBoxMargin = 0.1;
// How near to a positive point that the model left out a part of its mask may lie to count as the answer to
// it, in cells of the decoder's grid: as far as the grid is sure of a border, and as a bump reaches. Not
// measured.
inline constexpr double kAnswerCells = 2;

// What was done to a mask.
struct Obedience {
  std::vector<VoxelRun> removed, added;  // against the model's mask, as Ordered gives them
  int64_t dropped_components = 0;        // that nothing asks for
  uint64_t cut_voxels = 0;               // outside of the positive boxes
  uint64_t contradictions = 0;           // voxels that prompts ask for in both ways
  int64_t enforced_prompts = 0;
  bool found_nothing = false;  // the model's mask was empty

  bool changed() const { return !removed.empty() || !added.empty(); }
};

// The mask of previous logits (PreviousMask). Asked for only where a part hangs on it, since to restore it
// costs as much as the volume has voxels.
using PreviousAnswer = absl::FunctionRef<std::optional<Mask>()>;

// Makes `restored`, RestoreMask of `logits`, obey in this order. Its border is looked at again; `low` and
// `high` stay those of what the logits mark.
// 1. The logits are bent at points, and at voxels of scribbles, that the mask contradicts (bend_logits.h),
//    and the mask is restored anew.
// 2. What lies outside of every positive box, grown by kBoxMargin, is cut off, unless a positive point or
//    scribble lies there. A box of one slice cuts within its slice alone, where every box that has a part of
//    the slice counts.
// 3. Voxels of negative boxes, of scribbles in their order and of points in theirs are set: what comes later
//    wins.
// 4. Parts (26 neighbours) are dropped that hold nothing of a positive point, box or scribble, a line, the
//    mask prompt or `previous`, and that are not the answer to a positive point
//    (kAnswerCells).
// `uses` are PreparedPrompts.uses of these prompts: `confined` and `enforced` are filled in.
Obedience ObeyPrompts(const Geometry& geometry, const ResolvedPrompts& prompts,
                      const PreviousAnswer& previous, LogitsBox& logits, RestoredMask& restored,
                      std::vector<PromptUse>& uses);

// The mask that previous logits make on their own patch; nothing if there are none. `first` is where they lie
// if it is not said.
std::optional<Mask> PreviousMask(const Geometry& geometry, const ResolvedPrompts& prompts,
                                 const Placement& first, const PatchSizes& sizes);

// Gives the cells of a patch's logits the sign of what ObeyPrompts changed, so that whoever goes on from them
// does not get back what was removed: a cell with a removed voxel and none of `mask`, which is the result,
// becomes negative; one with an added voxel and nothing but `mask` positive.
void KeepObedience(const Obedience& obedience, const Mask& mask, const Placement& placement,
                   const PatchSizes& sizes, std::vector<float>& logits);

// One sentence for each thing that was done, for the caller.
std::vector<std::string> NotesOnObedience(const Obedience& obedience, const std::vector<PromptUse>& uses,
                                          const Geometry& geometry);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_OBEY_PROMPTS_H_
