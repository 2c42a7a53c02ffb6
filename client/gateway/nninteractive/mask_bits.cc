#include "client/gateway/nninteractive/mask_bits.h"

#include <algorithm>
#include <cstdint>

namespace sgpsam::gateway {
namespace {

uint8_t ByteAt(absl::string_view bits, uint64_t n) {
  return n < bits.size() ? static_cast<uint8_t>(bits[n]) : 0;
}

void Include(uint64_t voxel, const Shape& shape, std::optional<VoxelBox>& box) {
  const Shape at = {static_cast<uint32_t>(voxel / shape[2] / shape[1]),
                    static_cast<uint32_t>(voxel / shape[2] % shape[1]),
                    static_cast<uint32_t>(voxel % shape[2])};
  if (!box) box = VoxelBox{at, at};
  for (size_t axis = 0; axis < 3; ++axis) {
    box->begin[axis] = std::min(box->begin[axis], at[axis]);
    box->end[axis] = std::max(box->end[axis], at[axis] + 1);
  }
}

}  // namespace

std::string PackBits(absl::string_view voxels) {
  std::string bits((voxels.size() + 7) / 8, '\0');
  for (uint64_t n = 0; n < voxels.size(); ++n) {
    if (voxels[n] != 0) bits[n >> 3] = static_cast<char>(static_cast<uint8_t>(bits[n >> 3]) | 1u << (n & 7));
  }
  return bits;
}

std::string VoxelsIn(absl::string_view bits, const Shape& shape, const VoxelBox& box) {
  std::string voxels;
  voxels.reserve(VoxelsOf(box.shape()));
  for (uint64_t x = box.begin[0]; x < box.end[0]; ++x) {
    for (uint64_t y = box.begin[1]; y < box.end[1]; ++y) {
      for (uint64_t z = box.begin[2]; z < box.end[2]; ++z) {
        const uint64_t n = (x * shape[1] + y) * shape[2] + z;
        voxels.push_back(static_cast<char>(ByteAt(bits, n >> 3) >> (n & 7) & 1));
      }
    }
  }
  return voxels;
}

std::optional<VoxelBox> BoxOfChanges(absl::string_view before, absl::string_view after, const Shape& shape) {
  std::optional<VoxelBox> box;
  const uint64_t bytes = std::max(before.size(), after.size());
  for (uint64_t n = 0; n < bytes; ++n) {
    const unsigned changed = ByteAt(before, n) ^ ByteAt(after, n);
    for (unsigned bit = 0; changed >> bit != 0; ++bit) {
      if ((changed >> bit & 1) != 0) Include(n * 8 + bit, shape, box);
    }
  }
  return box;
}

}  // namespace sgpsam::gateway
