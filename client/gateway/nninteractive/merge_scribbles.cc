#include "client/gateway/nninteractive/merge_scribbles.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

namespace sgpsam::gateway {
namespace {

using Voxel = std::array<uint64_t, 3>;  // i, j, k of the volume

Voxel EndOf(const client::Scribble& scribble) {
  Voxel end{};
  for (size_t axis = 0; axis < 3; ++axis)
    end[axis] = uint64_t{scribble.first[axis]} + scribble.part.shape[axis];
  return end;
}

// Where the voxel's bit is in a scribble that has it.
uint64_t BitOf(const client::Scribble& scribble, const Voxel& at) {
  const auto& [i, j, k] = scribble.part.shape;
  return ((at[2] - scribble.first[2]) * j + at[1] - scribble.first[1]) * i + at[0] - scribble.first[0];
}

bool Marks(const client::Scribble& scribble, const Voxel& at) {
  const Voxel end = EndOf(scribble);
  for (size_t axis = 0; axis < 3; ++axis) {
    if (at[axis] < scribble.first[axis] || at[axis] >= end[axis]) return false;
  }
  const uint64_t bit = BitOf(scribble, at);
  return (static_cast<uint8_t>(scribble.part.bits[bit >> 3]) >> (bit & 7) & 1) != 0;
}

template <typename Visitor>
void VisitMarks(const client::Scribble& scribble, Visitor&& visit) {
  const Voxel end = EndOf(scribble);
  for (uint64_t k = scribble.first[2]; k < end[2]; ++k) {
    for (uint64_t j = scribble.first[1]; j < end[1]; ++j) {
      for (uint64_t i = scribble.first[0]; i < end[0]; ++i) {
        if (Marks(scribble, {i, j, k})) visit(Voxel{i, j, k});
      }
    }
  }
}

// Nothing marked, around both.
client::Scribble Around(const client::Scribble& a, const client::Scribble& b) {
  client::Scribble both{.part = {}, .first = {}, .positive = a.positive};
  const Voxel end_a = EndOf(a), end_b = EndOf(b);
  uint64_t voxels = 1;
  for (size_t axis = 0; axis < 3; ++axis) {
    both.first[axis] = std::min(a.first[axis], b.first[axis]);
    both.part.shape[axis] = static_cast<uint32_t>(std::max(end_a[axis], end_b[axis]) - both.first[axis]);
    voxels *= both.part.shape[axis];
  }
  both.part.bits.assign((voxels + 7) / 8, '\0');
  return both;
}

void Mark(client::Scribble& scribble, const Voxel& at) {
  const uint64_t bit = BitOf(scribble, at);
  char& byte = scribble.part.bits[bit >> 3];
  byte = static_cast<char>(static_cast<uint8_t>(byte) | 1u << (bit & 7));
}

}  // namespace

std::vector<client::Scribble> MergeScribbles(std::vector<client::Scribble> scribbles) {
  while (scribbles.size() > kMaxScribbles) {
    // Of three there are two of a sign, and all between them have the other.
    const size_t early =
        scribbles[0].positive == scribbles[1].positive || scribbles[0].positive == scribbles[2].positive ? 0
                                                                                                         : 1;
    const size_t late = scribbles[early].positive == scribbles[early + 1].positive ? early + 1 : early + 2;
    client::Scribble both = Around(scribbles[early], scribbles[late]);
    VisitMarks(scribbles[early], [&](const Voxel& at) {
      const bool taken_back = late > early + 1 && Marks(scribbles[early + 1], at);
      if (!taken_back) Mark(both, at);
    });
    VisitMarks(scribbles[late], [&](const Voxel& at) { Mark(both, at); });
    scribbles[late] = std::move(both);
    scribbles.erase(scribbles.begin() + static_cast<std::ptrdiff_t>(early));
  }
  return scribbles;
}

}  // namespace sgpsam::gateway
