// The mask that needs no model: a ball around the first click. What a model's masks must be better than. Pure
// functions; thread-safe.
#ifndef SGPSAM_TOOLS_LEARN_EVALUATION_BALL_H_
#define SGPSAM_TOOLS_LEARN_EVALUATION_BALL_H_

#include <array>
#include <cstddef>
#include <vector>

#include "core/volume/mask.h"
#include "core/volume/voxel_runs.h"

namespace sgpsam {

// 1 to 10 mm by halves, then to 60 mm by whole ones.
inline constexpr size_t kBallRadii = 19 + 50;
double BallRadiusMm(size_t n);  // n < kBallRadii

// Dice of the truth, which is not empty, and the ball of each radius: the voxels of the grid whose centres
// lie within it of the centre of `middle`, or farther by less than a millionth of it:
// spacings are often 32-bit floats.
std::vector<double> BallDice(const Mask& truth, const std::array<double, 3>& spacing_mm, const Voxel& middle);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_EVALUATION_BALL_H_
