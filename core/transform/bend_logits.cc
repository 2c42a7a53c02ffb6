#include "core/transform/bend_logits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "core/transform/axis_map.h"
#include "core/volume/interpolate.h"

namespace sgpsam {
namespace {

// A bump whose interpolated height at its voxel is below this share of its peak misses the grid's points.
constexpr double kLeastHeight = 0.1;

// The eight cells that a voxel's logit is made of, as RestoreMask makes it.
struct Corners {
  std::array<Tap<float>, 3> taps;

  template <typename ValueAt>
  double Sum(ValueAt&& value_at) const {
    double sum = 0;
    for (int corner = 0; corner < 8; ++corner) {
      std::array<int64_t, 3> cell{};
      double weight = 1;
      for (int a = 0; a < 3; ++a) {
        const bool high = (corner >> a & 1) != 0;
        cell[a] = high ? taps[a].hi : taps[a].lo;
        weight *= high ? static_cast<double>(taps[a].weight) : 1 - static_cast<double>(taps[a].weight);
      }
      if (weight > 0) sum += weight * value_at(cell);
    }
    return sum;
  }
};

// 1 in the middle, 0 from `radius` on, smooth between.
double Bump(const std::array<int64_t, 3>& cell, const std::array<double, 3>& middle, double radius) {
  double squared = 0;
  for (int a = 0; a < 3; ++a) {
    const double off = static_cast<double>(cell[a]) - middle[a];
    squared += off * off;
  }
  const double left = std::max(0.0, 1 - squared / (radius * radius));
  return left * left;
}

class Bender {
 public:
  Bender(const Geometry& geometry, LogitsBox& logits)
      : logits_(logits), axes_(SourceAxes(logits.placement, logits.voxels, geometry.shape())) {}

  // Where a voxel lies among the cells; nothing if the box does not hold it.
  std::optional<std::array<double, 3>> InCells(const Voxel& voxel) const {
    const std::array<int64_t, 3> source{voxel.i, voxel.j, voxel.k};
    std::array<double, 3> at{};
    std::array<int64_t, 3> cell{};
    for (int s = 0; s < 3; ++s) {
      if (source[s] < axes_[s].begin || source[s] >= axes_[s].end) return std::nullopt;
      const int a = axes_[s].patch_axis;
      const int64_t p = axes_[s].patch_voxel[source[s]];
      cell[a] = p / logits_.cell_voxels();
      at[a] = (static_cast<double>(p) + 0.5) / static_cast<double>(logits_.cell_voxels()) - 0.5;
    }
    if (!logits_.Seen(cell[0], cell[1], cell[2])) return std::nullopt;
    return at;
  }

  bool Bend(const std::array<double, 3>& at, bool inside, double radius) {
    Corners corners;
    for (int a = 0; a < 3; ++a) corners.taps[a] = TapAt<float>(at[a], logits_.cells[a]);
    const double logit =
        corners.Sum([&](const auto& c) { return logits_.values[logits_.Offset(c[0], c[1], c[2])]; });
    if ((logit > 0) == inside) return false;
    const double height =
        corners.Sum([&](const auto& c) { return logits_.Seen(c[0], c[1], c[2]) ? Bump(c, at, radius) : 0; });
    if (height < kLeastHeight) return false;
    const double bent = kBentShare * std::abs(logit) + kLeastBentLogit;
    Add(at, radius, ((inside ? bent : -bent) - logit) / height);
    return true;
  }

 private:
  void Add(const std::array<double, 3>& at, double radius, double peak) {
    std::array<int64_t, 3> low{}, high{};
    for (int a = 0; a < 3; ++a) {
      low[a] = std::max<int64_t>(0, static_cast<int64_t>(std::ceil(at[a] - radius)));
      high[a] = std::min<int64_t>(logits_.cells[a] - 1, static_cast<int64_t>(std::floor(at[a] + radius)));
    }
    for (int64_t i = low[0]; i <= high[0]; ++i) {
      for (int64_t j = low[1]; j <= high[1]; ++j) {
        for (int64_t k = low[2]; k <= high[2]; ++k) {
          if (!logits_.Seen(i, j, k)) continue;
          logits_.values[logits_.Offset(i, j, k)] += static_cast<float>(peak * Bump({i, j, k}, at, radius));
        }
      }
    }
  }

  LogitsBox& logits_;
  const std::array<SourceAxis, 3> axes_;
};

double Distance(const std::array<double, 3>& a, const std::array<double, 3>& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

}  // namespace

int64_t BendLogits(const Geometry& geometry, absl::Span<const AskedVoxel> asked, LogitsBox& logits) {
  Bender bender(geometry, logits);
  std::vector<std::optional<std::array<double, 3>>> places;
  for (const AskedVoxel& voxel : asked) places.push_back(bender.InCells(voxel.at));
  int64_t bent = 0;
  for (size_t n = 0; n < asked.size(); ++n) {
    if (!places[n]) continue;
    double radius = kBumpCells;
    for (size_t m = 0; m < asked.size(); ++m) {
      if (!places[m] || asked[m].inside == asked[n].inside) continue;
      radius = std::min(radius, Distance(*places[n], *places[m]) / 2);
    }
    if (radius > 0 && bender.Bend(*places[n], asked[n].inside, radius)) ++bent;
  }
  return bent;
}

}  // namespace sgpsam
