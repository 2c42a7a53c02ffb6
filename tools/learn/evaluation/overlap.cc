#include "tools/learn/evaluation/overlap.h"

#include <cstdint>
#include <cstring>

#include "absl/numeric/bits.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

std::string Text(const Shape& shape) { return absl::StrCat(shape.i, "x", shape.j, "x", shape.k); }

// Bits after the last voxel are 0 in every mask.
uint64_t CountCommonVoxels(const Mask& a, const Mask& b) {
  uint64_t count = 0;
  size_t n = 0;
  for (uint64_t x = 0, y = 0; n + sizeof(x) <= a.bits().size(); n += sizeof(x)) {
    std::memcpy(&x, a.bits().data() + n, sizeof(x));
    std::memcpy(&y, b.bits().data() + n, sizeof(y));
    if ((x & y) != 0) count += static_cast<uint64_t>(absl::popcount(x & y));
  }
  for (; n < a.bits().size(); ++n) {
    count += static_cast<uint64_t>(absl::popcount(static_cast<unsigned>(a.bits()[n] & b.bits()[n])));
  }
  return count;
}

}  // namespace

absl::Status CheckSameShape(const Mask& a, const Mask& b) {
  if (a.shape() == b.shape()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("masks of one grid are needed, not of ", Text(a.shape()),
                                                 " and of ", Text(b.shape()), " voxels"));
}

absl::StatusOr<double> Dice(const Mask& a, const Mask& b) {
  RETURN_IF_ERROR(CheckSameShape(a, b));
  const uint64_t both = a.CountVoxels() + b.CountVoxels();
  if (both == 0) return 1;
  return 2 * static_cast<double>(CountCommonVoxels(a, b)) / static_cast<double>(both);
}

}  // namespace sgpsam
