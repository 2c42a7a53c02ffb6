#include "core/transform/patch_mask.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "core/transform/axis_map.h"

namespace sgpsam {
namespace {

// How deep each cell of a mask's bounding box lies inside the mask: a two-pass chamfer distance with
// steps of 3, 4 and 5, the cube's border counting as outside.
class ChamferDistance {
 public:
  explicit ChamferDistance(const PatchMask& mask) {
    for (int a = 0; a < 3; ++a)
      size_[a] = mask.high()[a] - mask.low()[a] + 3;  // a layer of outside around it
    distance_.assign(size_[0] * size_[1] * size_[2], 0);
    for (int64_t i = mask.low()[0]; i <= mask.high()[0]; ++i) {
      for (int64_t j = mask.low()[1]; j <= mask.high()[1]; ++j) {
        for (int64_t k = mask.low()[2]; k <= mask.high()[2]; ++k) {
          if (!mask.at(i, j, k)) continue;
          distance_[Offset(i - mask.low()[0] + 1, j - mask.low()[1] + 1, k - mask.low()[2] + 1)] = kFar;
        }
      }
    }
    Sweep(1);
    Sweep(-1);
  }

  // The depth of cell low + (i, j, k).
  int at(int64_t i, int64_t j, int64_t k) const { return distance_[Offset(i + 1, j + 1, k + 1)]; }

 private:
  static constexpr int kFar = 1 << 20;

  size_t Offset(int64_t i, int64_t j, int64_t k) const {
    return static_cast<size_t>((i * size_[1] + j) * size_[2] + k);
  }

  // Passes what the neighbours already seen know on to each cell; direction is 1 or -1.
  void Sweep(int direction) {
    struct Step {
      int64_t offset;
      int length;
    };
    std::vector<Step> seen;
    for (int i = -1; i <= 1; ++i) {
      for (int j = -1; j <= 1; ++j) {
        for (int k = -1; k <= 1; ++k) {
          const int64_t offset = (i * size_[1] + j) * size_[2] + k;
          const int order = i != 0 ? i : j != 0 ? j : k;
          if (order == -direction) seen.push_back({offset, 2 + std::abs(i) + std::abs(j) + std::abs(k)});
        }
      }
    }
    const int64_t count = static_cast<int64_t>(distance_.size());
    for (int64_t n = 0; n < count; ++n) {
      const int64_t voxel = direction > 0 ? n : count - 1 - n;
      int& distance = distance_[voxel];
      if (distance == 0) continue;  // outside, among it the whole border
      for (const Step& step : seen)
        distance = std::min(distance, distance_[voxel + step.offset] + step.length);
    }
  }

  std::array<int64_t, 3> size_{};
  std::vector<int> distance_;
};

}  // namespace

void PatchMask::Set(const std::array<int64_t, 3>& cell) {
  uint8_t& inside = inside_[(cell[0] * side_ + cell[1]) * side_ + cell[2]];
  if (inside != 0) return;
  inside = 1;
  ++count_;
  for (int a = 0; a < 3; ++a) {
    low_[a] = std::min(low_[a], cell[a]);
    high_[a] = std::max(high_[a], cell[a]);
  }
}

namespace {

// Which voxels of mask and patch belong together along one source axis.
struct Pairs {
  int patch_axis = 0;
  std::vector<std::pair<int64_t, int64_t>> voxels;  // of the mask, of the patch
};

// `at` says whether a voxel of the volume is in the mask.
template <typename At>
PatchMask Sample(const At& at, int64_t side, const std::array<Pairs, 3>& axes) {
  PatchMask result(side);
  std::array<int64_t, 3> p{};  // by patch axis
  for (const auto& [k, z] : axes[2].voxels) {
    p[axes[2].patch_axis] = z;
    for (const auto& [j, y] : axes[1].voxels) {
      p[axes[1].patch_axis] = y;
      for (const auto& [i, x] : axes[0].voxels) {
        if (!at(i, j, k)) continue;
        p[axes[0].patch_axis] = x;
        result.Set(p);
      }
    }
  }
  return result;
}

std::array<Pairs, 3> ByPatchVoxel(const Placement& placement, const Shape& shape) {
  const std::array<PatchAxis, 3> axes = PatchAxes(placement, shape);
  std::array<Pairs, 3> pairs;
  for (int s = 0; s < 3; ++s) {
    pairs[s].patch_axis = axes[s].patch_axis;
    for (int64_t p = axes[s].begin; p < axes[s].end; ++p) {
      pairs[s].voxels.emplace_back(NearestVoxel(axes[s].source[p]), p);
    }
  }
  return pairs;
}

std::array<Pairs, 3> ByMaskVoxel(const Placement& placement, const Shape& shape) {
  const int64_t side = placement.patch;
  const std::array<SourceAxis, 3> axes = SourceAxes(placement, {side, side, side}, shape);
  std::array<Pairs, 3> pairs;
  for (int s = 0; s < 3; ++s) {
    pairs[s].patch_axis = axes[s].patch_axis;
    for (int64_t n = axes[s].begin; n < axes[s].end; ++n) {
      pairs[s].voxels.emplace_back(n, axes[s].patch_voxel[n]);
    }
  }
  return pairs;
}

}  // namespace

PatchMask SampleMask(const Mask& mask, const Placement& placement) {
  const auto at = [&](int64_t i, int64_t j, int64_t k) { return mask.at(i, j, k); };
  PatchMask sampled = Sample(at, placement.patch, ByPatchVoxel(placement, mask.shape()));
  if (sampled.count() > 0) return sampled;
  return Sample(at, placement.patch, ByMaskVoxel(placement, mask.shape()));
}

PatchMask SampleRuns(absl::Span<const VoxelRun> runs, const Shape& shape, const Placement& placement) {
  std::array<Pairs, 3> by_patch = ByPatchVoxel(placement, shape), by_mask = ByMaskVoxel(placement, shape);
  // What the patch reads, by source axis, and of that what the runs cover.
  VoxelBox read;
  const auto range = [](const Pairs& a, const Pairs& b, int64_t& begin, int64_t& end) {
    begin = INT64_MAX;
    for (const Pairs* pairs : {&a, &b}) {
      for (const auto& [voxel, patch_voxel] : pairs->voxels) {
        begin = std::min(begin, voxel);
        end = std::max(end, voxel + 1);
      }
    }
  };
  range(by_patch[0], by_mask[0], read.begin.i, read.end.i);
  range(by_patch[1], by_mask[1], read.begin.j, read.end.j);
  range(by_patch[2], by_mask[2], read.begin.k, read.end.k);
  const std::vector<VoxelRun> seen = Inside(read, runs);
  const VoxelBox box = BoundingBox(seen);
  for (std::array<Pairs, 3>* axes : {&by_patch, &by_mask}) {
    const auto keep = [](Pairs& pairs, int64_t begin, int64_t end) {
      auto& voxels = pairs.voxels;
      const auto outside = [=](const auto& pair) { return pair.first < begin || pair.first >= end; };
      voxels.erase(std::remove_if(voxels.begin(), voxels.end(), outside), voxels.end());
    };
    keep((*axes)[0], box.begin.i, box.end.i);
    keep((*axes)[1], box.begin.j, box.end.j);
    keep((*axes)[2], box.begin.k, box.end.k);
  }
  Mask part(box.shape());
  for (const VoxelRun& run : seen) {
    for (int64_t i = run.begin; i < run.end; ++i)
      part.Set(i - box.begin.i, run.j - box.begin.j, run.k - box.begin.k);
  }
  const auto at = [&](int64_t i, int64_t j, int64_t k) {
    return part.at(i - box.begin.i, j - box.begin.j, k - box.begin.k);
  };
  PatchMask sampled = Sample(at, placement.patch, by_patch);
  return sampled.count() > 0 ? std::move(sampled) : Sample(at, placement.patch, by_mask);
}

std::vector<float> MaskToLogits(const PatchMask& mask, int64_t logits_side) {
  const int64_t cell = mask.side() / logits_side;
  std::vector<int> counts(logits_side * logits_side * logits_side);
  for (int64_t i = mask.low()[0]; i <= mask.high()[0]; ++i) {
    for (int64_t j = mask.low()[1]; j <= mask.high()[1]; ++j) {
      int* row = counts.data() + (i / cell * logits_side + j / cell) * logits_side;
      for (int64_t k = mask.low()[2]; k <= mask.high()[2]; ++k) row[k / cell] += mask.at(i, j, k) ? 1 : 0;
    }
  }
  std::vector<float> logits(counts.size());
  const float whole = static_cast<float>(cell * cell * cell);
  for (size_t n = 0; n < counts.size(); ++n) {
    logits[n] = kMaskPromptLogit * (2 * static_cast<float>(counts[n]) / whole - 1);
  }
  return logits;
}

std::array<int64_t, 3> DeepestCell(const PatchMask& mask) {
  const ChamferDistance distance(mask);
  const std::array<int64_t, 3>& low = mask.low();
  const std::array<int64_t, 3>& high = mask.high();
  int deepest = -1;
  double nearest = 0;
  std::array<int64_t, 3> cell{};
  for (int64_t i = low[0]; i <= high[0]; ++i) {
    for (int64_t j = low[1]; j <= high[1]; ++j) {
      for (int64_t k = low[2]; k <= high[2]; ++k) {
        const int depth = distance.at(i - low[0], j - low[1], k - low[2]);
        if (depth < std::max(deepest, 1)) continue;
        const auto off = [&](int a, int64_t p) { return static_cast<double>(2 * p - low[a] - high[a]); };
        const double away = std::hypot(off(0, i), off(1, j), off(2, k));
        if (depth == deepest && away >= nearest) continue;
        deepest = depth;
        nearest = away;
        cell = {i, j, k};
      }
    }
  }
  return cell;
}

std::vector<std::array<int64_t, 3>> SpreadCells(const PatchMask& mask, size_t most) {
  std::vector<std::array<int64_t, 3>> spread;
  if (mask.count() == 0 || most == 0) return spread;
  const int64_t every = (mask.count() + kSpreadCandidates - 1) / kSpreadCandidates;
  std::vector<std::array<int64_t, 3>> candidates;
  int64_t n = 0;
  for (int64_t i = mask.low()[0]; i <= mask.high()[0]; ++i) {
    for (int64_t j = mask.low()[1]; j <= mask.high()[1]; ++j) {
      for (int64_t k = mask.low()[2]; k <= mask.high()[2]; ++k) {
        if (mask.at(i, j, k) && n++ % every == 0) candidates.push_back({i, j, k});
      }
    }
  }
  std::vector<int64_t> squared(candidates.size(), INT64_MAX);  // to the nearest chosen cell
  std::array<int64_t, 3> chosen = DeepestCell(mask);
  while (true) {
    spread.push_back(chosen);
    if (spread.size() == most) return spread;
    size_t furthest = 0;
    for (size_t c = 0; c < candidates.size(); ++c) {
      int64_t distance = 0;
      for (int a = 0; a < 3; ++a) {
        const int64_t off = candidates[c][a] - chosen[a];
        distance += off * off;
      }
      squared[c] = std::min(squared[c], distance);
      if (squared[c] > squared[furthest]) furthest = c;
    }
    if (squared[furthest] == 0) return spread;
    chosen = candidates[furthest];
  }
}

}  // namespace sgpsam
