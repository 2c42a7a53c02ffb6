// A further click changes the mask where it lies, and the way it says: a positive one adds, a negative one
// takes away. A model that is asked again answers for the whole patch, and may lose elsewhere what was right;
// so of its changes only those count that belong to a click which the previous answer contradicted. For the
// Ladder's looks; SAM-Med3D's answers stay as they are. Pure functions.
#ifndef SGPSAM_CORE_LOOKS_LOCAL_CHANGE_H_
#define SGPSAM_CORE_LOOKS_LOCAL_CHANGE_H_

#include "absl/types/span.h"
#include "core/engine/engine.h"

namespace sgpsam {

// Whether the previous logits, on the cells of one patch, have another sign than a click that lies in it,
// whose coordinates are voxels of the patch. A cell of exactly 0 says nothing, and contradicts.
bool ContradictsAClick(absl::Span<const float> previous, absl::Span<const Click> clicks,
                       const PatchSizes& sizes);

// The most cells that clicks which these logits contradict can mean: LookPolicy.most_growth times as many as
// are marked before, and around each such positive click a ball, LookPolicy.click_reach times as far as the
// nearest marked cell is. Infinity where nothing is marked. Otherwise as ContradictsAClick has them.
double MostCellsAfter(absl::Span<const float> previous, absl::Span<const Click> clicks,
                      const PatchSizes& sizes);

// Gives every cell of `logits` its previous value, but for those that a contradicted click asks for: whose
// sign turned to that of the click (or that were 0 before: nothing was known there), and that such cells
// connect to it, over faces, or to a cell next to it; and for those of unchanged sign next to them. All three
// are as ContradictsAClick has them.
void KeepWhatNoClickAsks(absl::Span<const float> previous, absl::Span<const Click> clicks,
                         const PatchSizes& sizes, absl::Span<float> logits);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_LOCAL_CHANGE_H_
