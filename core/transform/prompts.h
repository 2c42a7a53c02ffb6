// What a caller points at, in the patient or in the volume's grid. Plain values.
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

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PROMPTS_H_
