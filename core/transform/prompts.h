// What a caller points at, in the patient or in the volume's grid; and the same in the volume's own voxels,
// which is what everything after the door works with (resolve_prompts.h). Plain values.
#ifndef SGPSAM_CORE_TRANSFORM_PROMPTS_H_
#define SGPSAM_CORE_TRANSFORM_PROMPTS_H_

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "core/volume/geometry.h"
#include "core/volume/mask.h"

namespace sgpsam {

using PromptPosition = std::variant<WorldPoint, VoxelIndex>;

struct PointPrompt {
  PromptPosition position;
  bool positive = true;
};

struct BoxPrompt {
  PromptPosition a, b;  // two opposite corners
};

// Where a patch lies, said without its volume's grid: what a caller keeps between two calls.
struct PatchPosition {
  WorldPoint centre;  // what the patch is centred on
  double spacing_mm = 0;
};

struct Prompts {
  std::vector<PointPrompt> points;  // in the order of the clicks
  std::optional<BoxPrompt> box;
  std::vector<float> previous_logits;  // empty, or logits_side^3 values
  // The patch that the previous logits lie on. Nothing: the one that the other prompts place.
  std::optional<PatchPosition> previous_patch;
  std::optional<Mask> mask;  // on the volume's grid; not together with previous_logits
};

struct ResolvedPoint {
  VoxelIndex at;
  bool positive = true;
};

struct ResolvedBox {
  VoxelIndex a, b;
  VoxelIndex middle() const { return {(a.i + b.i) / 2, (a.j + b.j) / 2, (a.k + b.k) / 2}; }
};

// Always: every position lies in the volume, the previous patch around it or in it; the mask has the volume's
// shape; there are at most kMaxClicks points; logits are of the model's size and finite, and none next to a
// mask. ResolvePrompts makes them and sees to that; nobody checks it again.
struct ResolvedPrompts {
  std::vector<ResolvedPoint> points;  // in the order of Prompts.points
  std::optional<ResolvedBox> box;
  std::vector<float> previous_logits;           // as in Prompts
  std::optional<PatchPosition> previous_patch;  // as in Prompts
  std::optional<Mask> mask;                     // as in Prompts

  // Null if no point is.
  const ResolvedPoint* FirstPositive() const {
    for (const ResolvedPoint& point : points) {
      if (point.positive) return &point;
    }
    return nullptr;
  }
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PROMPTS_H_
