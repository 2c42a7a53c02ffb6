#include "core/volume/components.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace sgpsam {
namespace {

bool IsSet(const Mask& mask, int64_t n) {
  return ((mask.bits()[static_cast<size_t>(n >> 3)] >> (n & 7)) & 1) != 0;
}

// Runs that are known to touch form a tree whose root is the first of them.
class TouchingRuns {
 public:
  void Add() { parent_.push_back(parent_.size()); }

  size_t RootOf(size_t run) {
    while (parent_[run] != run) {
      parent_[run] = parent_[parent_[run]];  // halves the way for the next caller
      run = parent_[run];
    }
    return run;
  }

  void Join(size_t a, size_t b) {
    a = RootOf(a);
    b = RootOf(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<size_t> parent_;
};

// Row by row, so that only the rows of this slice and of the one before it need to be found again.
class RunScanner {
 public:
  RunScanner(const Mask& mask, Connectivity connectivity)
      : mask_(mask),
        reach_(connectivity == Connectivity::kFaces ? 0 : 1),
        slice_(static_cast<size_t>(mask.shape().j)),
        slice_before_(slice_) {}

  Components Scan() && {
    const Shape& shape = mask_.shape();
    next_ = static_cast<int64_t>(mask_.NextVoxel(0));
    for (int64_t k = 0; k < shape.k; ++k) {
      std::swap(slice_, slice_before_);
      for (int64_t j = 0; j < shape.j; ++j) {
        slice_[static_cast<size_t>(j)] = ReadRow((k * shape.j + j) * shape.i);
        JoinRow(j, k);
      }
    }
    Number();
    return std::move(found_);
  }

 private:
  // The runs of one row: [begin, end) of found_.runs.
  struct Row {
    size_t begin = 0, end = 0;
    int64_t offset = 0;  // of the row's first voxel
  };

  Row ReadRow(int64_t offset) {
    const int64_t row_end = offset + mask_.shape().i;
    Row row{found_.runs.size(), 0, offset};
    while (next_ < row_end) {
      int64_t end = next_ + 1;
      while (end < row_end && IsSet(mask_, end)) ++end;
      found_.runs.push_back({next_, end - next_, 0});
      touching_.Add();
      next_ = static_cast<int64_t>(mask_.NextVoxel(static_cast<uint64_t>(end)));
    }
    row.end = found_.runs.size();
    return row;
  }

  void JoinRow(int64_t j, int64_t k) {
    const Row& row = slice_[static_cast<size_t>(j)];
    if (j > 0) JoinRows(slice_[static_cast<size_t>(j - 1)], row);
    if (k == 0) return;
    const int64_t last = std::min(j + reach_, mask_.shape().j - 1);
    for (int64_t other = std::max<int64_t>(j - reach_, 0); other <= last; ++other) {
      JoinRows(slice_before_[static_cast<size_t>(other)], row);
    }
  }

  // Walks both rows at once: of two runs, the one that ends first can touch nothing further on.
  void JoinRows(const Row& one, const Row& other) {
    size_t a = one.begin, b = other.begin;
    while (a < one.end && b < other.end) {
      const int64_t a_begin = found_.runs[a].begin - one.offset, a_end = a_begin + found_.runs[a].length;
      const int64_t b_begin = found_.runs[b].begin - other.offset, b_end = b_begin + found_.runs[b].length;
      if (a_begin < b_end + reach_ && b_begin < a_end + reach_) touching_.Join(a, b);
      if (a_end < b_end) {
        ++a;
      } else {
        ++b;
      }
    }
  }

  void Number() {
    for (size_t n = 0; n < found_.runs.size(); ++n) {
      ComponentRun& run = found_.runs[n];
      const size_t root = touching_.RootOf(n);
      if (root == n) {
        run.component = found_.count();
        found_.voxels.push_back(0);
      } else {
        run.component = found_.runs[root].component;
      }
      found_.voxels[static_cast<size_t>(run.component)] += run.length;
    }
  }

  const Mask& mask_;
  const int64_t reach_;  // how many voxels apart neighbours may lie along each further axis
  Components found_;
  TouchingRuns touching_;
  std::vector<Row> slice_, slice_before_;
  int64_t next_ = 0;  // the first set voxel that is in no run yet
};

}  // namespace

Components FindComponents(const Mask& mask, Connectivity connectivity) {
  return RunScanner(mask, connectivity).Scan();
}

}  // namespace sgpsam
