#include "core/volume/voxel_runs.h"

#include <algorithm>

namespace sgpsam {

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
