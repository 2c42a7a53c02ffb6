#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/transform/axis_map.h"
#include "core/transform/prepare.h"

namespace sgpsam {
namespace {

// A source index as the patch voxel whose centre is nearest.
absl::StatusOr<Click> ToClick(const Geometry& geometry, const Placement& placement, const VoxelIndex& source,
                              bool positive) {
  const std::array<double, 3> exact = SourceToPatch(placement, source);
  const double end = static_cast<double>(placement.patch) - 0.5;
  std::array<double, 3> inside{};
  std::array<float, 3> voxel{};
  for (int a = 0; a < 3; ++a) {
    inside[a] = std::clamp(exact[a], -0.5, end);
    voxel[a] = static_cast<float>(std::clamp<int64_t>(NearestVoxel(exact[a]), 0, placement.patch - 1));
  }
  const WorldPoint p = geometry.ToWorld(source), q = geometry.ToWorld(PatchToSource(placement, inside));
  const double distance = std::hypot(p.x - q.x, p.y - q.y, p.z - q.z);
  if (distance > kIndexTolerance) {
    return absl::InvalidArgumentError(
        absl::StrFormat("lies %.6g mm outside the region that is looked at, a cube of %.6g mm around the "
                        "first positive point "
                        "(else the box, else the mask): start a new target there",
                        distance, static_cast<double>(placement.patch) * placement.spacing_mm));
  }
  return Click{voxel[0], voxel[1], voxel[2], positive};
}

absl::Status Named(const absl::Status& status, absl::string_view what) {
  return absl::Status(status.code(), absl::StrCat(what, ": ", status.message()));
}

absl::StatusOr<Click> PointClick(const Geometry& geometry, const Placement& placement,
                                 const PointPrompt& point) {
  ASSIGN_OR_RETURN(const VoxelIndex source, ResolvePosition(geometry, point.position));
  return ToClick(geometry, placement, source, point.positive);
}

absl::StatusOr<Click> BoxClick(const Geometry& geometry, const Placement& placement, const BoxPrompt& box) {
  ASSIGN_OR_RETURN(const VoxelIndex a, ResolvePosition(geometry, box.a));
  ASSIGN_OR_RETURN(const VoxelIndex b, ResolvePosition(geometry, box.b));
  return ToClick(geometry, placement, {(a.i + b.i) / 2, (a.j + b.j) / 2, (a.k + b.k) / 2}, true);
}

// A mask on the patch's grid, one byte a voxel, row-major i, j, k.
struct PatchMask {
  int64_t side = 0;
  std::vector<uint8_t> inside;
  std::array<int64_t, 3> low{}, high{};  // inclusive bounds of what is inside
  int64_t count = 0;

  size_t Offset(int64_t i, int64_t j, int64_t k) const {
    return static_cast<size_t>((i * side + j) * side + k);
  }
};

PatchMask SampleMask(const Mask& mask, const Placement& placement) {
  PatchMask result;
  result.side = placement.patch;
  result.inside.resize(result.side * result.side * result.side);
  result.low = {result.side, result.side, result.side};
  result.high = {-1, -1, -1};
  const std::array<PatchAxis, 3> axes = PatchAxes(placement, mask.shape());
  std::array<int64_t, 3> p{};  // by patch axis
  for (int64_t z = axes[2].begin; z < axes[2].end; ++z) {
    const int64_t k = NearestVoxel(axes[2].source[z]);
    p[axes[2].patch_axis] = z;
    for (int64_t y = axes[1].begin; y < axes[1].end; ++y) {
      const int64_t j = NearestVoxel(axes[1].source[y]);
      p[axes[1].patch_axis] = y;
      for (int64_t x = axes[0].begin; x < axes[0].end; ++x) {
        if (!mask.at(NearestVoxel(axes[0].source[x]), j, k)) continue;
        p[axes[0].patch_axis] = x;
        result.inside[result.Offset(p[0], p[1], p[2])] = 1;
        ++result.count;
        for (int a = 0; a < 3; ++a) {
          result.low[a] = std::min(result.low[a], p[a]);
          result.high[a] = std::max(result.high[a], p[a]);
        }
      }
    }
  }
  return result;
}

std::vector<float> MaskToLogits(const PatchMask& mask, int64_t logits_side) {
  const int64_t cell = mask.side / logits_side;
  std::vector<int> counts(logits_side * logits_side * logits_side);
  for (int64_t i = mask.low[0]; i <= mask.high[0]; ++i) {
    for (int64_t j = mask.low[1]; j <= mask.high[1]; ++j) {
      int* row = counts.data() + (i / cell * logits_side + j / cell) * logits_side;
      for (int64_t k = mask.low[2]; k <= mask.high[2]; ++k)
        row[k / cell] += mask.inside[mask.Offset(i, j, k)];
    }
  }
  std::vector<float> logits(counts.size());
  const float whole = static_cast<float>(cell * cell * cell);
  for (size_t n = 0; n < counts.size(); ++n) {
    logits[n] = kMaskPromptLogit * (2 * static_cast<float>(counts[n]) / whole - 1);
  }
  return logits;
}

// How deep each voxel of a mask's bounding box lies inside the mask: a two-pass chamfer distance with
// steps of 3, 4 and 5, the patch's border counting as outside.
class ChamferDistance {
 public:
  explicit ChamferDistance(const PatchMask& mask) {
    for (int a = 0; a < 3; ++a) size_[a] = mask.high[a] - mask.low[a] + 3;  // a layer of outside around it
    distance_.assign(size_[0] * size_[1] * size_[2], 0);
    for (int64_t i = mask.low[0]; i <= mask.high[0]; ++i) {
      for (int64_t j = mask.low[1]; j <= mask.high[1]; ++j) {
        for (int64_t k = mask.low[2]; k <= mask.high[2]; ++k) {
          if (mask.inside[mask.Offset(i, j, k)] == 0) continue;
          distance_[Offset(i - mask.low[0] + 1, j - mask.low[1] + 1, k - mask.low[2] + 1)] = kFar;
        }
      }
    }
    Sweep(1);
    Sweep(-1);
  }

  // The depth of patch voxel low + (i, j, k).
  int at(int64_t i, int64_t j, int64_t k) const { return distance_[Offset(i + 1, j + 1, k + 1)]; }

 private:
  static constexpr int kFar = 1 << 20;

  size_t Offset(int64_t i, int64_t j, int64_t k) const {
    return static_cast<size_t>((i * size_[1] + j) * size_[2] + k);
  }

  // Passes what the neighbours already seen know on to each voxel; direction is 1 or -1.
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

// The voxel deepest inside; among equals the one nearest to the middle of the mask's bounding box.
Click DeepestVoxel(const PatchMask& mask) {
  const ChamferDistance distance(mask);
  int deepest = -1;
  double nearest = 0;
  Click click;
  for (int64_t i = mask.low[0]; i <= mask.high[0]; ++i) {
    for (int64_t j = mask.low[1]; j <= mask.high[1]; ++j) {
      for (int64_t k = mask.low[2]; k <= mask.high[2]; ++k) {
        const int depth = distance.at(i - mask.low[0], j - mask.low[1], k - mask.low[2]);
        if (depth < std::max(deepest, 1)) continue;
        const auto off = [&mask](int a, int64_t p) {
          return static_cast<double>(2 * p - mask.low[a] - mask.high[a]);
        };
        const double away = std::hypot(off(0, i), off(1, j), off(2, k));
        if (depth == deepest && away >= nearest) continue;
        deepest = depth;
        nearest = away;
        click = {static_cast<float>(i), static_cast<float>(j), static_cast<float>(k), true};
      }
    }
  }
  return click;
}

absl::Status CheckPrompts(const Geometry& geometry, const Prompts& prompts, const PatchSizes& sizes) {
  if (prompts.mask.has_value() && !prompts.previous_logits.empty()) {
    return absl::InvalidArgumentError("give a mask or previous logits, not both");
  }
  if (prompts.mask.has_value() && !(prompts.mask->shape() == geometry.shape())) {
    return absl::InvalidArgumentError("the mask must have the volume's shape");
  }
  if (prompts.previous_logits.empty()) return absl::OkStatus();
  if (static_cast<int64_t>(prompts.previous_logits.size()) != sizes.logits_floats()) {
    return absl::InvalidArgumentError(absl::StrCat("previous logits must be ", sizes.logits_floats(),
                                                   " values, not ", prompts.previous_logits.size()));
  }
  for (float logit : prompts.previous_logits) {
    if (!std::isfinite(logit)) return absl::InvalidArgumentError("previous logits must be finite numbers");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PreparedPrompts> PreparePrompts(const Geometry& geometry, const Placement& placement,
                                               const Prompts& prompts, const PatchSizes& sizes) {
  RETURN_IF_ERROR(CheckPrompts(geometry, prompts, sizes));
  PreparedPrompts prepared;
  bool positive = false;
  for (size_t n = 0; n < prompts.points.size() && n < kMaxClicks; ++n) {
    absl::StatusOr<Click> click = PointClick(geometry, placement, prompts.points[n]);
    if (!click.ok()) return Named(click.status(), absl::StrCat("point ", n + 1));
    positive |= click->positive;
    prepared.clicks.push_back(*click);
  }
  if (prompts.box.has_value() && !positive) {
    absl::StatusOr<Click> click = BoxClick(geometry, placement, *prompts.box);
    if (!click.ok()) return Named(click.status(), "box");
    positive = true;
    prepared.clicks.push_back(*click);
  }
  prepared.mask_logits = prompts.previous_logits;
  if (prompts.mask.has_value()) {
    const PatchMask mask = SampleMask(*prompts.mask, placement);
    if (mask.count == 0) {
      return absl::InvalidArgumentError("mask: it marks no voxel of the region that is looked at");
    }
    prepared.mask_logits = MaskToLogits(mask, sizes.logits_side);
    if (!positive) prepared.clicks.push_back(DeepestVoxel(mask));
    positive = true;
  }
  if (!positive) {
    return absl::InvalidArgumentError(
        "no positive prompt: give at least one positive point, a box or a mask");
  }
  if (std::max(prompts.points.size(), prepared.clicks.size()) > kMaxClicks) {
    return absl::InvalidArgumentError(
        absl::StrCat("a target takes at most ", kMaxClicks, " points, the one of a box or mask included"));
  }
  return prepared;
}

}  // namespace sgpsam
