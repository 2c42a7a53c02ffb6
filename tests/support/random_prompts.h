// Prompts of all kinds at random, and whether a mask obeys them by a count of its own: voxel by voxel, prompt
// by prompt, knowing nothing of core/transform/obey_prompts.cc.
#ifndef SGPSAM_TESTS_SUPPORT_RANDOM_PROMPTS_H_
#define SGPSAM_TESTS_SUPPORT_RANDOM_PROMPTS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <variant>

#include "core/transform/prompts.h"
#include "core/volume/mask.h"

namespace sgpsam {

// Within `reach` voxels of `middle` on each axis, all at whole voxels;
// the first is a positive point in the middle.
inline Prompts RandomPrompts(std::mt19937& random, const std::array<int, 3>& middle, int reach) {
  const auto upto = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most + 1)); };
  const auto along = [&](int axis) { return middle[static_cast<size_t>(axis)] + upto(2 * reach) - reach; };
  const auto at = [&] {
    const int i = along(0), j = along(1), k = along(2);
    return VoxelIndex{static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)};
  };
  const auto sign = [&] { return upto(1) == 1; };
  Prompts prompts;
  prompts.points.push_back({VoxelIndex{1.0 * middle[0], 1.0 * middle[1], 1.0 * middle[2]}, true});
  for (int n = upto(5); n > 0; --n) prompts.points.push_back({at(), sign()});
  for (int n = upto(2); n > 0; --n) {
    VoxelIndex a = at(), b = at();
    if (upto(2) == 0) b.k = a.k;  // one slice
    prompts.boxes.push_back({a, b, sign()});
  }
  if (upto(3) == 0) prompts.lines.push_back({at(), at()});
  for (int n = upto(2); n > 0; --n) {
    ScribblePrompt& scribble = prompts.scribbles.emplace_back();
    scribble.positive = sign();
    for (int runs = 1 + upto(3); runs > 0; --runs) {
      const int begin = along(0);
      scribble.runs.push_back({begin, begin + 1 + upto(4), along(1), along(2)});
    }
  }
  return prompts;
}

// What is asked of each voxel, the later prompt over the earlier: boxes, scribbles, points.
inline std::map<std::array<int64_t, 3>, bool> WhatIsAsked(const Prompts& prompts) {
  std::map<std::array<int64_t, 3>, bool> asked;
  for (const BoxPrompt& box : prompts.boxes) {
    if (box.positive) continue;
    const auto& a = std::get<VoxelIndex>(box.a);
    const auto& b = std::get<VoxelIndex>(box.b);
    const auto range = [](double p, double q) {
      return std::pair<int64_t, int64_t>(std::llround(std::min(p, q)), std::llround(std::max(p, q)));
    };
    const auto [i0, i1] = range(a.i, b.i);
    const auto [j0, j1] = range(a.j, b.j);
    const auto [k0, k1] = range(a.k, b.k);
    for (int64_t k = k0; k <= k1; ++k) {
      for (int64_t j = j0; j <= j1; ++j) {
        for (int64_t i = i0; i <= i1; ++i) asked[{i, j, k}] = false;
      }
    }
  }
  for (const ScribblePrompt& scribble : prompts.scribbles) {
    for (const VoxelRun& run : scribble.runs) {
      for (int64_t i = run.begin; i < run.end; ++i) asked[{i, run.j, run.k}] = scribble.positive;
    }
  }
  for (const PointPrompt& point : prompts.points) {
    const auto& at = std::get<VoxelIndex>(point.position);
    asked[{std::llround(at.i), std::llround(at.j), std::llround(at.k)}] = point.positive;
  }
  return asked;
}

inline void ExpectObeyed(const Mask& mask, const Prompts& prompts) {
  for (const auto& [voxel, inside] : WhatIsAsked(prompts)) {
    ASSERT_EQ(mask.at(voxel[0], voxel[1], voxel[2]), inside)
        << voxel[0] << ", " << voxel[1] << ", " << voxel[2];
  }
}

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_RANDOM_PROMPTS_H_
