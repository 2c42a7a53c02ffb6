#include "core/volume/voxel_runs.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace sgpsam {
namespace {

// Where a run lies in the order of a mask's bits: by slice, row, column.
auto Place(const VoxelRun& run) { return std::tie(run.k, run.j, run.begin); }
bool SameRow(const VoxelRun& a, const VoxelRun& b) { return a.j == b.j && a.k == b.k; }

// Appends a run that does not lie before the last one; joins the two where they touch.
void Append(const VoxelRun& run, std::vector<VoxelRun>& runs) {
  if (!runs.empty() && SameRow(runs.back(), run) && run.begin <= runs.back().end) {
    runs.back().end = std::max(runs.back().end, run.end);
  } else {
    runs.push_back(run);
  }
}

bool Before(const VoxelRun& a, const VoxelRun& b) { return Place(a) < Place(b); }

// Calls visit(begin, end, run) for every stretch of each run of `a` that lies in `b`.
template <typename Visitor>
void VisitShared(absl::Span<const VoxelRun> a, absl::Span<const VoxelRun> b, Visitor&& visit) {
  size_t n = 0;
  for (const VoxelRun& run : a) {
    const auto ends_before = [&](const VoxelRun& other) {
      return std::tie(other.k, other.j) < std::tie(run.k, run.j) ||
             (SameRow(other, run) && other.end <= run.begin);
    };
    n = static_cast<size_t>(std::partition_point(b.begin() + n, b.end(), ends_before) - b.begin());
    for (size_t m = n; m < b.size() && SameRow(b[m], run) && b[m].begin < run.end; ++m) {
      visit(std::max(run.begin, b[m].begin), std::min(run.end, b[m].end), run);
    }
  }
}

}  // namespace

std::vector<VoxelRun> RunsOf(const Mask& mask) {
  const Shape& shape = mask.shape();
  const auto voxels = static_cast<uint64_t>(shape.voxels()), width = static_cast<uint64_t>(shape.i);
  std::vector<VoxelRun> runs;
  for (uint64_t n = mask.NextVoxel(0); n < voxels;) {
    const uint64_t row = n / width, row_begin = row * width;
    const uint64_t end = mask.NextGap(n, row_begin + width);
    const auto j = static_cast<int64_t>(row) % shape.j, k = static_cast<int64_t>(row) / shape.j;
    runs.push_back({static_cast<int32_t>(n - row_begin), static_cast<int32_t>(end - row_begin),
                    static_cast<int32_t>(j), static_cast<int32_t>(k)});
    n = mask.NextVoxel(end);
  }
  return runs;
}

std::vector<VoxelRun> RunsIn(const VoxelBox& box, const Mask& mask) {
  const Shape& shape = mask.shape();
  const int64_t first = std::max<int64_t>(box.begin.i, 0), last = std::min(box.end.i, shape.i);
  std::vector<VoxelRun> runs;
  if (first >= last) return runs;
  std::vector<uint8_t> row(static_cast<size_t>(last - first));
  for (int64_t k = std::max<int64_t>(box.begin.k, 0); k < std::min(box.end.k, shape.k); ++k) {
    for (int64_t j = std::max<int64_t>(box.begin.j, 0); j < std::min(box.end.j, shape.j); ++j) {
      mask.GetRow(first, j, k, absl::MakeSpan(row));
      for (auto at = std::find(row.begin(), row.end(), 1); at != row.end();) {
        const auto end = std::find(at, row.end(), 0);
        runs.push_back({static_cast<int32_t>(first + (at - row.begin())),
                        static_cast<int32_t>(first + (end - row.begin())), static_cast<int32_t>(j),
                        static_cast<int32_t>(k)});
        at = std::find(end, row.end(), 1);
      }
    }
  }
  return runs;
}

std::vector<VoxelRun> Ordered(std::vector<VoxelRun> runs) {
  std::sort(runs.begin(), runs.end(), Before);
  std::vector<VoxelRun> ordered;
  for (const VoxelRun& run : runs) {
    if (run.begin < run.end) Append(run, ordered);
  }
  return ordered;
}

std::vector<VoxelRun> UnionOf(absl::Span<const VoxelRun> a, absl::Span<const VoxelRun> b) {
  std::vector<VoxelRun> united;
  united.reserve(a.size() + b.size());
  for (size_t m = 0, n = 0; m < a.size() || n < b.size();) {
    const bool from_a = n == b.size() || (m < a.size() && Before(a[m], b[n]));
    Append(from_a ? a[m++] : b[n++], united);
  }
  return united;
}

std::vector<VoxelRun> InBoth(absl::Span<const VoxelRun> a, absl::Span<const VoxelRun> b) {
  std::vector<VoxelRun> shared;
  VisitShared(a, b, [&](int32_t begin, int32_t end, const VoxelRun& run) {
    shared.push_back({begin, end, run.j, run.k});
  });
  return shared;
}

std::vector<VoxelRun> InFirstAlone(absl::Span<const VoxelRun> a, absl::Span<const VoxelRun> b) {
  std::vector<VoxelRun> alone;
  const std::vector<VoxelRun> shared = InBoth(a, b);  // in the order of a's runs
  size_t n = 0;
  for (const VoxelRun& run : a) {
    int32_t from = run.begin;  // what is left of the run
    for (; n < shared.size() && SameRow(shared[n], run) && shared[n].begin < run.end; ++n) {
      if (from < shared[n].begin) alone.push_back({from, shared[n].begin, run.j, run.k});
      from = shared[n].end;
    }
    if (from < run.end) alone.push_back({from, run.end, run.j, run.k});
  }
  return alone;
}

std::vector<VoxelRun> Inside(const VoxelBox& box, absl::Span<const VoxelRun> runs) {
  std::vector<VoxelRun> inside;
  for (const VoxelRun& run : runs) {
    if (run.k < box.begin.k || run.k >= box.end.k || run.j < box.begin.j || run.j >= box.end.j) continue;
    const auto begin = static_cast<int32_t>(std::max<int64_t>(run.begin, box.begin.i));
    const auto end = static_cast<int32_t>(std::min<int64_t>(run.end, box.end.i));
    if (begin < end) inside.push_back({begin, end, run.j, run.k});
  }
  return inside;
}

bool Holds(absl::Span<const VoxelRun> runs, const Voxel& voxel) {
  const VoxelRun at{static_cast<int32_t>(voxel.i), static_cast<int32_t>(voxel.i) + 1,
                    static_cast<int32_t>(voxel.j), static_cast<int32_t>(voxel.k)};
  const auto after = std::upper_bound(runs.begin(), runs.end(), at, Before);
  if (after == runs.begin()) return false;
  const VoxelRun& run = *std::prev(after);
  return SameRow(run, at) && voxel.i < run.end;
}

Mask MaskOf(const Shape& shape, absl::Span<const VoxelRun> runs) {
  const std::vector<uint8_t> ones(static_cast<size_t>(shape.i), 1);
  Mask mask(shape);
  for (const VoxelRun& run : runs) {
    mask.SetRow(run.begin, run.j, run.k,
                absl::MakeConstSpan(ones.data(), static_cast<size_t>(run.end - run.begin)));
  }
  return mask;
}

uint64_t CountVoxels(absl::Span<const VoxelRun> runs) {
  uint64_t count = 0;
  for (const VoxelRun& run : runs) count += static_cast<uint64_t>(run.end - run.begin);
  return count;
}

VoxelBox BoundingBox(absl::Span<const VoxelRun> runs) {
  if (runs.empty()) return {};
  // Runs lie in the order of k.
  VoxelBox box{{runs[0].begin, runs[0].j, runs.front().k}, {runs[0].end, runs[0].j + 1, runs.back().k + 1}};
  for (const VoxelRun& run : runs) {
    box.begin.i = std::min<int64_t>(box.begin.i, run.begin);
    box.end.i = std::max<int64_t>(box.end.i, run.end);
    box.begin.j = std::min<int64_t>(box.begin.j, run.j);
    box.end.j = std::max<int64_t>(box.end.j, run.j + 1);
  }
  return box;
}

VoxelBox Union(const VoxelBox& a, const VoxelBox& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  return {{std::min(a.begin.i, b.begin.i), std::min(a.begin.j, b.begin.j), std::min(a.begin.k, b.begin.k)},
          {std::max(a.end.i, b.end.i), std::max(a.end.j, b.end.j), std::max(a.end.k, b.end.k)}};
}

VoxelBox GrownByOne(const VoxelBox& box) {
  return {{box.begin.i - 1, box.begin.j - 1, box.begin.k - 1}, {box.end.i + 1, box.end.j + 1, box.end.k + 1}};
}

std::vector<uint8_t> FlagsIn(const VoxelBox& box, const Mask& mask) {
  const Shape size = box.shape(), &shape = mask.shape();
  std::vector<uint8_t> flags(static_cast<size_t>(size.voxels()), 0);
  const int64_t first = std::max<int64_t>(box.begin.i, 0), last = std::min(box.end.i, shape.i);
  if (first >= last) return flags;
  for (int64_t k = std::max<int64_t>(box.begin.k, 0); k < std::min(box.end.k, shape.k); ++k) {
    for (int64_t j = std::max<int64_t>(box.begin.j, 0); j < std::min(box.end.j, shape.j); ++j) {
      const int64_t row = ((k - box.begin.k) * size.j + j - box.begin.j) * size.i;
      uint8_t* out = flags.data() + row + first - box.begin.i;
      mask.GetRow(first, j, k, absl::MakeSpan(out, static_cast<size_t>(last - first)));
    }
  }
  return flags;
}

}  // namespace sgpsam
