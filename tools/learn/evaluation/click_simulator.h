// What a user would click next, from the truth and what the model has made of it so far: for training, which
// calls it at every step, and for evaluation. A missed voxel gets a positive click, a voxel too many a
// negative one. Any grid. Pure functions: the same masks and seed give the same click; thread-safe.
#ifndef SGPSAM_TOOLS_LEARN_EVALUATION_CLICK_SIMULATOR_H_
#define SGPSAM_TOOLS_LEARN_EVALUATION_CLICK_SIMULATOR_H_

#include <array>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "core/volume/mask.h"
#include "core/volume/voxel_runs.h"

namespace sgpsam {

struct SimulatedClick {
  Voxel voxel;
  bool positive = true;
  friend bool operator==(const SimulatedClick& a, const SimulatedClick& b) {
    return a.voxel == b.voxel && a.positive == b.positive;
  }
};

enum class ClickStrategy {
  // The voxel deepest inside the largest error: a careful user, as in the CVPR 2025 interactive challenge.
  kCentre,
  // Any voxel of the errors, each equally likely: SAM-Med3D's `random`.
  kRandom,
};

struct ClickOptions {
  ClickStrategy strategy = ClickStrategy::kCentre;
  // Of the grid, positive; only its ratios matter, and only to kCentre.
  std::array<double, 3> spacing_mm{1, 1, 1};
};

// The first click, in the truth: of kCentre its deepest voxel, of kRandom any. nullopt if it is empty.
//
// The depth of a voxel is its distance to the nearest voxel outside, and beyond the volume is outside. Of
// equally deep ones the voxel nearest to its 26-connected component's centre of mass is taken, of those the
// first in the order of the mask's bits. `seed` matters to kRandom only.
std::optional<SimulatedClick> FirstClick(const Mask& truth, const ClickOptions& options, uint64_t seed);

// A click that corrects `prediction`; nullopt if there is nothing to correct. For kCentre missed voxels and
// voxels too many fall into 26-connected components, and the one with the most voxels counts, of equal ones
// a missed one. INVALID_ARGUMENT unless both masks have the same shape.
absl::StatusOr<std::optional<SimulatedClick>> NextClick(const Mask& truth, const Mask& prediction,
                                                        const ClickOptions& options, uint64_t seed);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_EVALUATION_CLICK_SIMULATOR_H_
