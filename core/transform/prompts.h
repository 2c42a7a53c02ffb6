// What a caller points at, in the patient or in the volume's grid; and the same in the volume's own voxels,
// which is what everything after the door works with (resolve_prompts.h). Plain values.
#ifndef SGPSAM_CORE_TRANSFORM_PROMPTS_H_
#define SGPSAM_CORE_TRANSFORM_PROMPTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "core/volume/geometry.h"
#include "core/volume/mask.h"
#include "core/volume/voxel_runs.h"

namespace sgpsam {

using PromptPosition = std::variant<WorldPoint, VoxelIndex>;

// The most prompts of each kind that a target takes.
inline constexpr size_t kMaxPoints = 64;
inline constexpr size_t kMaxBoxes = 16;
inline constexpr size_t kMaxLines = 4;
inline constexpr size_t kMaxScribbles = 16;
// The most voxels that all scribbles of a target mark together: as runs they take 64 MiB if no two are
// neighbours. A ball of 200 voxels across has as many.
inline constexpr uint64_t kMaxScribbleVoxels = uint64_t{1} << 22;

struct PointPrompt {
  PromptPosition position;
  bool positive = true;
};

struct BoxPrompt {
  PromptPosition a, b;  // two opposite corners
  bool positive = true;
};

// A diameter, as RECIST measures it.
struct LinePrompt {
  PromptPosition a, b;  // its ends, on the lesion's border
};

// Voxels drawn or filled by hand, in any slices.
struct ScribblePrompt {
  std::vector<VoxelRun> runs;  // on the volume's grid, in any order
  bool positive = true;
};

// Where a patch lies, said without its volume's grid: what a caller keeps between two calls.
struct PatchPosition {
  WorldPoint centre;  // what the patch is centred on
  double spacing_mm = 0;
};

struct Prompts {
  std::vector<PointPrompt> points;  // in the order of the clicks
  std::vector<BoxPrompt> boxes;
  std::vector<LinePrompt> lines;
  std::vector<ScribblePrompt> scribbles;  // in the order in which they were drawn
  std::vector<float> previous_logits;     // empty, or logits_side^3 values
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
  bool positive = true;
  VoxelBox voxels;  // whose centres lie in it, at least one on each axis
  VoxelIndex middle() const { return {(a.i + b.i) / 2, (a.j + b.j) / 2, (a.k + b.k) / 2}; }
};

struct ResolvedLine {
  VoxelIndex a, b;
  // At a share of its way from a to b: 0.5 is the middle.
  VoxelIndex At(double share) const {
    return {a.i + share * (b.i - a.i), a.j + share * (b.j - a.j), a.k + share * (b.k - a.k)};
  }
};

struct ResolvedScribble {
  std::vector<VoxelRun> runs;  // as Ordered gives them; at least one
  bool positive = true;
};

// Always: every position and voxel lies in the volume, the previous patch around it or in it; the mask has
// the volume's shape; there are no more of each kind than the limits above; logits are of the model's size
// and finite, and none next to a mask. ResolvePrompts makes them and sees to that; nobody checks it again.
struct ResolvedPrompts {
  std::vector<ResolvedPoint> points;            // in the order of Prompts.points
  std::vector<ResolvedBox> boxes;               // as in Prompts
  std::vector<ResolvedLine> lines;              // as in Prompts
  std::vector<ResolvedScribble> scribbles;      // as in Prompts
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

enum class PromptKind { kPoint, kBox, kLine, kScribble, kMask, kPreviousLogits };

// What became of one prompt.
struct PromptUse {
  PromptKind kind = PromptKind::kPoint;
  size_t number = 1;         // of its kind, from 1, in the order of Prompts
  int clicks = 0;            // that the model got of it in the first patch
  bool box_corners = false;  // the model got its corners
  bool mask_logits = false;  // the model got it as logits
  bool confined = false;     // what lay outside of it was cut off
  bool enforced = false;     // the model contradicted it, and the mask was changed
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PROMPTS_H_
