#include "tools/learn/evaluation/ball.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace sgpsam {
namespace {

constexpr double kRounding = 1e-6;  // spacings are often 32-bit floats: what is meant to lie on the ball does

struct Range {
  int64_t begin = 0, end = 0;
};

// The voxels of an axis that the largest ball can reach.
Range Reached(int64_t middle, double spacing_mm, int64_t size) {
  const auto reach = static_cast<int64_t>(BallRadiusMm(kBallRadii - 1) * (1 + kRounding) / spacing_mm);
  return {std::max<int64_t>(0, middle - reach), std::min<int64_t>(size, middle + reach + 1)};
}

double SquaredStep(int64_t from, int64_t to, double spacing_mm) {
  const double step = static_cast<double>(to - from) * spacing_mm;
  return step * step;
}

// How many voxels lie between each radius and the one before.
struct Shells {
  std::array<uint64_t, kBallRadii> all{}, in_truth{};
};

Shells CountShells(const Mask& truth, const std::array<double, 3>& spacing_mm, const Voxel& middle) {
  std::array<double, kBallRadii> squares{};
  for (size_t n = 0; n < kBallRadii; ++n) squares[n] = std::pow(BallRadiusMm(n) * (1 + kRounding), 2);
  const Range i_range = Reached(middle.i, spacing_mm[0], truth.shape().i),
              j_range = Reached(middle.j, spacing_mm[1], truth.shape().j),
              k_range = Reached(middle.k, spacing_mm[2], truth.shape().k);
  Shells shells;
  for (int64_t k = k_range.begin; k < k_range.end; ++k) {
    for (int64_t j = j_range.begin; j < j_range.end; ++j) {
      const double beside = SquaredStep(middle.k, k, spacing_mm[2]) + SquaredStep(middle.j, j, spacing_mm[1]);
      if (beside > squares.back()) continue;
      for (int64_t i = i_range.begin; i < i_range.end; ++i) {
        const double square = beside + SquaredStep(middle.i, i, spacing_mm[0]);
        const auto shell =
            static_cast<size_t>(std::lower_bound(squares.begin(), squares.end(), square) - squares.begin());
        if (shell == kBallRadii) continue;
        ++shells.all[shell];
        if (truth.at(i, j, k)) ++shells.in_truth[shell];
      }
    }
  }
  return shells;
}

}  // namespace

double BallRadiusMm(size_t n) {
  constexpr size_t kHalves = 19;
  return n < kHalves ? 1 + 0.5 * static_cast<double>(n) : 11 + static_cast<double>(n - kHalves);
}

std::vector<double> BallDice(const Mask& truth, const std::array<double, 3>& spacing_mm,
                             const Voxel& middle) {
  const Shells shells = CountShells(truth, spacing_mm, middle);
  const auto truth_voxels = static_cast<double>(truth.CountVoxels());
  std::vector<double> dice;
  uint64_t ball = 0, both = 0;
  for (size_t n = 0; n < kBallRadii; ++n) {
    ball += shells.all[n];
    both += shells.in_truth[n];
    dice.push_back(2 * static_cast<double>(both) / (static_cast<double>(ball) + truth_voxels));
  }
  return dice;
}

}  // namespace sgpsam
