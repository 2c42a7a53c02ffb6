#include "core/volume/components.h"

#include <algorithm>
#include <numeric>

namespace sgpsam {
namespace {

// Disjoint sets of runs; a set's root is its first run.
class Sets {
 public:
  explicit Sets(size_t count) : parents_(count) { std::iota(parents_.begin(), parents_.end(), size_t{0}); }

  size_t Root(size_t n) {
    while (parents_[n] != n) n = parents_[n] = parents_[parents_[n]];
    return n;
  }

  void Join(size_t a, size_t b) {
    a = Root(a);
    b = Root(b);
    parents_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<size_t> parents_;
};

// The runs begin..end - 1 of one row of voxels.
struct Row {
  size_t begin = 0, end = 0;
  int32_t j = 0, k = 0;
  friend bool operator<(const Row& a, const Row& b) { return a.k != b.k ? a.k < b.k : a.j < b.j; }
};

std::vector<Row> RowsOf(const std::vector<VoxelRun>& runs) {
  std::vector<Row> rows;
  for (size_t n = 0; n < runs.size(); ++n) {
    if (rows.empty() || rows.back().j != runs[n].j || rows.back().k != runs[n].k) {
      rows.push_back({n, n, runs[n].j, runs[n].k});
    }
    rows.back().end = n + 1;
  }
  return rows;
}

// Joins the runs of two rows that touch, or come as near as `reach` voxels: 1 if corners are enough.
void JoinRows(const std::vector<VoxelRun>& runs, const Row& a, const Row& b, int32_t reach, Sets& sets) {
  for (size_t m = a.begin, n = b.begin; m < a.end && n < b.end;) {
    if (runs[m].end + reach > runs[n].begin && runs[n].end + reach > runs[m].begin) sets.Join(m, n);
    if (runs[m].end < runs[n].end) {
      ++m;
    } else {
      ++n;
    }
  }
}

// A row that comes before another and is its neighbour: which way, and the first row not before it.
struct Neighbour {
  int32_t dj, dk;
  size_t row = 0;
};

// Rows are ordered, so that each kind of neighbour is found by passing through them once.
void JoinNeighbours(const std::vector<VoxelRun>& runs, Connectivity connectivity, Sets& sets) {
  const std::vector<Row> rows = RowsOf(runs);
  std::vector<Neighbour> neighbours{{-1, 0}, {0, -1}};
  if (connectivity == Connectivity::k26) neighbours.insert(neighbours.end(), {{-1, -1}, {1, -1}});
  const int32_t reach = connectivity == Connectivity::k26 ? 1 : 0;
  for (const Row& row : rows) {
    for (Neighbour& neighbour : neighbours) {
      const Row wanted{0, 0, row.j + neighbour.dj, row.k + neighbour.dk};
      while (rows[neighbour.row] < wanted) ++neighbour.row;
      const Row& found = rows[neighbour.row];
      if (!(wanted < found)) JoinRows(runs, found, row, reach, sets);
    }
  }
}

// Numbers the sets in the order of their first runs.
std::vector<size_t> NumberSets(size_t runs, Sets& sets, size_t& count) {
  std::vector<size_t> number_of(runs);
  count = 0;
  for (size_t n = 0; n < runs; ++n) {
    const size_t root = sets.Root(n);
    number_of[n] = root == n ? count++ : number_of[root];
  }
  return number_of;
}

// Brings the runs of each component together, in the order that they have.
Components Grouped(const std::vector<VoxelRun>& runs, const std::vector<size_t>& component_of, size_t count) {
  Components found{std::vector<VoxelRun>(runs.size()), std::vector<size_t>(count + 1, 0),
                   std::vector<int64_t>(count, 0)};
  for (size_t n = 0; n < runs.size(); ++n) {
    ++found.begins[component_of[n] + 1];
    found.voxels[component_of[n]] += runs[n].end - runs[n].begin;
  }
  std::partial_sum(found.begins.begin(), found.begins.end(), found.begins.begin());
  std::vector<size_t> next = found.begins;
  for (size_t n = 0; n < runs.size(); ++n) found.runs[next[component_of[n]]++] = runs[n];
  return found;
}

}  // namespace

size_t Components::largest() const {
  return static_cast<size_t>(std::max_element(voxels.begin(), voxels.end()) - voxels.begin());
}

Components FindComponents(const Mask& mask, Connectivity connectivity) {
  return FindComponents(RunsOf(mask), connectivity);
}

Components FindComponents(const std::vector<VoxelRun>& runs, Connectivity connectivity) {
  Sets sets(runs.size());
  JoinNeighbours(runs, connectivity, sets);
  size_t count = 0;
  const std::vector<size_t> component_of = NumberSets(runs.size(), sets, count);
  return Grouped(runs, component_of, count);
}

}  // namespace sgpsam
