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

// Joins every run with those that touch it in the row dj, dk away from its own, which lies before it. Runs
// are ordered by their rows, so that both sides are passed once. `reach` is 1 if corners touch.
void JoinWithRow(const std::vector<VoxelRun>& runs, int32_t dj, int32_t dk, int32_t reach, Sets& sets) {
  const auto lies_before = [&](const VoxelRun& other, const VoxelRun& run) {
    if (other.k != run.k + dk) return other.k < run.k + dk;
    if (other.j != run.j + dj) return other.j < run.j + dj;
    return other.end + reach <= run.begin;
  };
  size_t first = 0;
  for (size_t n = 0; n < runs.size(); ++n) {
    const VoxelRun& run = runs[n];
    while (lies_before(runs[first], run)) ++first;
    for (size_t m = first; runs[m].k == run.k + dk && runs[m].j == run.j + dj; ++m) {
      if (runs[m].begin >= run.end + reach) break;
      sets.Join(m, n);
    }
  }
}

struct Labels {
  std::vector<size_t> of_run;    // the number of each run's component
  std::vector<uint64_t> voxels;  // of each component
};

Labels Label(const std::vector<VoxelRun>& runs, Connectivity connectivity) {
  Sets sets(runs.size());
  const int32_t reach = connectivity == Connectivity::k26 ? 1 : 0;
  JoinWithRow(runs, -1, 0, reach, sets);
  JoinWithRow(runs, 0, -1, reach, sets);
  if (connectivity == Connectivity::k26) {
    JoinWithRow(runs, -1, -1, reach, sets);
    JoinWithRow(runs, 1, -1, reach, sets);
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
