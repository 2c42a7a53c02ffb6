#include "core/looks/local_change.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include "core/looks/look_policy.h"

namespace sgpsam {
namespace {

using Cell = std::array<int64_t, 3>;

// The cells of a patch.
class Cells {
 public:
  explicit Cells(const PatchSizes& sizes)
      : side_(sizes.logits_side), voxels_(sizes.patch / sizes.logits_side) {}

  bool Holds(const Cell& cell) const {
    return std::all_of(cell.begin(), cell.end(), [this](int64_t at) { return at >= 0 && at < side_; });
  }
  size_t Offset(const Cell& cell) const {
    return static_cast<size_t>((cell[0] * side_ + cell[1]) * side_ + cell[2]);
  }
  Cell At(size_t offset) const {
    const int64_t n = static_cast<int64_t>(offset);
    return {n / (side_ * side_), n / side_ % side_, n % side_};
  }
  Cell Of(const Click& click) const {
    const auto cell = [this](float voxel) {
      return std::clamp<int64_t>(static_cast<int64_t>(voxel) / voxels_, 0, side_ - 1);
    };
    return {cell(click.i), cell(click.j), cell(click.k)};
  }

 private:
  const int64_t side_, voxels_;
};

bool Contradicted(const Click& click, float previous) {
  return click.positive ? previous <= 0 : previous >= 0;
}

double Distance(const Cell& a, const Cell& b) {
  return std::hypot(static_cast<double>(a[0] - b[0]), static_cast<double>(a[1] - b[1]),
                    static_cast<double>(a[2] - b[2]));
}

bool HasNeighbour(const Cells& cells, const Cell& middle, const std::vector<bool>& among) {
  for (int64_t n = 0; n < 27; ++n) {
    const Cell cell{middle[0] + n / 9 - 1, middle[1] + n / 3 % 3 - 1, middle[2] + n % 3 - 1};
    if (cells.Holds(cell) && among[cells.Offset(cell)]) return true;
  }
  return false;
}

// Marks what the contradicted clicks of one sign ask for: cells that `changed` says changed that way,
// connected to such a click or to a cell next to it.
void MarkAsked(bool positive, absl::Span<const float> previous, absl::Span<const Click> clicks,
               const Cells& cells, const std::vector<bool>& changed, std::vector<bool>& asked) {
  std::vector<bool> met(changed.size());
  std::vector<Cell> open;
  const auto meet = [&](const Cell& cell) {
    if (!cells.Holds(cell)) return;
    const size_t n = cells.Offset(cell);
    if (!changed[n] || met[n]) return;
    met[n] = asked[n] = true;
    open.push_back(cell);
  };
  for (const Click& click : clicks) {
    const Cell middle = cells.Of(click);
    if (click.positive != positive || !Contradicted(click, previous[cells.Offset(middle)])) continue;
    for (int64_t n = 0; n < 27; ++n) {
      meet({middle[0] + n / 9 - 1, middle[1] + n / 3 % 3 - 1, middle[2] + n % 3 - 1});
    }
  }
  while (!open.empty()) {
    const Cell cell = open.back();
    open.pop_back();
    for (int face = 0; face < 6; ++face) {
      Cell next = cell;
      next[face / 2] += face % 2 == 0 ? -1 : 1;
      meet(next);
    }
  }
}

}  // namespace

bool ContradictsAClick(absl::Span<const float> previous, absl::Span<const Click> clicks,
                       const PatchSizes& sizes) {
  const Cells cells(sizes);
  return std::any_of(clicks.begin(), clicks.end(), [&](const Click& click) {
    return Contradicted(click, previous[cells.Offset(cells.Of(click))]);
  });
}

double MostCellsAfter(absl::Span<const float> previous, absl::Span<const Click> clicks,
                      const PatchSizes& sizes) {
  const Cells cells(sizes);
  std::vector<Cell> marked;
  for (size_t n = 0; n < previous.size(); ++n) {
    if (previous[n] > 0) marked.push_back(cells.At(n));
  }
  if (marked.empty()) return std::numeric_limits<double>::infinity();
  double most = kLookPolicy.most_growth * static_cast<double>(marked.size());
  for (const Click& click : clicks) {
    const Cell at = cells.Of(click);
    if (!click.positive || !Contradicted(click, previous[cells.Offset(at)])) continue;
    double nearest = std::numeric_limits<double>::infinity();
    for (const Cell& cell : marked) nearest = std::min(nearest, Distance(at, cell));
    most += 4 * std::numbers::pi / 3 * std::pow(kLookPolicy.click_reach * nearest, 3);
  }
  return most;
}

void KeepWhatNoClickAsks(absl::Span<const float> previous, absl::Span<const Click> clicks,
                         const PatchSizes& sizes, absl::Span<float> logits) {
  const Cells cells(sizes);
  std::vector<bool> asked(logits.size());
  for (const bool positive : {true, false}) {
    std::vector<bool> changed(logits.size());
    for (size_t n = 0; n < logits.size(); ++n) {
      const bool known = previous[n] != 0, marked = logits[n] > 0;
      changed[n] = !known || (marked == positive && (previous[n] > 0) != positive);
    }
    MarkAsked(positive, previous, clicks, cells, changed, asked);
  }
  for (size_t n = 0; n < logits.size(); ++n) {
    // Next to a change, as well: the outline is drawn between cells.
    const bool same = (previous[n] > 0) == (logits[n] > 0);
    const bool near = same && HasNeighbour(cells, cells.At(n), asked);
    if (!asked[n] && !near) logits[n] = previous[n];
  }
}

}  // namespace sgpsam
