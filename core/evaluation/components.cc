#include "core/evaluation/components.h"

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

// Joins every row with the one that is dj, dk away. Rows are ordered, so that both sides are passed once.
void JoinNeighbours(const std::vector<VoxelRun>& runs, const std::vector<Row>& rows, int32_t dj, int32_t dk,
                    int32_t reach, Sets& sets) {
  size_t n = 0;
  for (const Row& row : rows) {
    const Row wanted{0, 0, row.j + dj, row.k + dk};
    while (rows[n] < wanted) ++n;
    if (!(wanted < rows[n])) JoinRows(runs, rows[n], row, reach, sets);
  }
}

struct Labels {
  std::vector<size_t> of_run;    // the number of each run's component
  std::vector<uint64_t> voxels;  // of each component
};

Labels Label(const std::vector<VoxelRun>& runs, Connectivity connectivity) {
  Sets sets(runs.size());
  const int32_t reach = connectivity == Connectivity::k26 ? 1 : 0;
  const std::vector<Row> rows = RowsOf(runs);
  JoinNeighbours(runs, rows, -1, 0, reach, sets);
  JoinNeighbours(runs, rows, 0, -1, reach, sets);
  if (connectivity == Connectivity::k26) {
    JoinNeighbours(runs, rows, -1, -1, reach, sets);
    JoinNeighbours(runs, rows, 1, -1, reach, sets);
  }
  Labels labels;
  labels.of_run.resize(runs.size());
  for (size_t n = 0; n < runs.size(); ++n) {
    const size_t root = sets.Root(n);
    if (root == n) labels.voxels.push_back(0);
    labels.of_run[n] = root == n ? labels.voxels.size() - 1 : labels.of_run[root];
    labels.voxels[labels.of_run[n]] += static_cast<uint64_t>(runs[n].end - runs[n].begin);
  }
  return labels;
}

}  // namespace

std::vector<Component> ConnectedComponents(const Mask& mask, Connectivity connectivity) {
  const std::vector<VoxelRun> runs = RunsOf(mask);
  const Labels labels = Label(runs, connectivity);
  std::vector<Component> components(labels.voxels.size());
  for (size_t n = 0; n < runs.size(); ++n) components[labels.of_run[n]].runs.push_back(runs[n]);
  for (size_t c = 0; c < components.size(); ++c) {
    components[c].voxels = labels.voxels[c];
    components[c].box = BoundingBox(components[c].runs);
  }
  return components;
}

std::optional<Component> LargestComponent(const Mask& mask, Connectivity connectivity) {
  std::vector<VoxelRun> runs = RunsOf(mask);
  if (runs.empty()) return std::nullopt;
  const Labels labels = Label(runs, connectivity);
  const auto largest = std::max_element(labels.voxels.begin(), labels.voxels.end());
  const auto label = static_cast<size_t>(largest - labels.voxels.begin());
  Component component;
  component.voxels = *largest;
  for (size_t n = 0; n < runs.size(); ++n) {
    if (labels.of_run[n] == label) component.runs.push_back(runs[n]);
  }
  component.box = BoundingBox(component.runs);
  return component;
}

}  // namespace sgpsam
