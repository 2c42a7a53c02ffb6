#include "client/gateway/nninteractive/merge_scribbles.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace sgpsam::gateway {
namespace {

constexpr uint32_t kSide = 5;

// What was said last of every voxel: 0 nothing, 1 inside, 2 outside.
std::string Said(const std::vector<client::Scribble>& scribbles) {
  std::string said(kSide * kSide * kSide, '0');
  for (const client::Scribble& scribble : scribbles) {
    const auto& [i, j, k] = scribble.part.shape;
    for (uint64_t n = 0; n < uint64_t{i} * j * k; ++n) {
      if ((static_cast<uint8_t>(scribble.part.bits[n / 8]) >> n % 8 & 1) == 0) continue;
      const uint64_t at_i = scribble.first[0] + n % i, at_j = scribble.first[1] + n / i % j,
                     at_k = scribble.first[2] + n / i / j;
      said[(at_k * kSide + at_j) * kSide + at_i] = scribble.positive ? '1' : '2';
    }
  }
  return said;
}

client::Scribble Drawn(Random& random) {
  client::Scribble scribble;
  uint64_t voxels = 1;
  for (size_t axis = 0; axis < 3; ++axis) {
    scribble.first[axis] = static_cast<uint32_t>(random.Below(kSide));
    scribble.part.shape[axis] = static_cast<uint32_t>(1 + random.Below(kSide - scribble.first[axis]));
    voxels *= scribble.part.shape[axis];
  }
  scribble.part.bits.assign((voxels + 7) / 8, '\0');
  for (uint64_t n = 0; n < voxels; ++n) {
    if (random.Below(2) == 1)
      scribble.part.bits[n / 8] = static_cast<char>(scribble.part.bits[n / 8] | 1 << n % 8);
  }
  scribble.positive = random.Below(2) == 1;
  return scribble;
}

TEST(MergeScribbles, LeavesAsManyAsAreTaken) {
  Random random(1);
  std::vector<client::Scribble> scribbles;
  for (size_t n = 0; n < kMaxScribbles; ++n) scribbles.push_back(Drawn(random));
  const auto merged = MergeScribbles(scribbles);
  ASSERT_EQ(merged.size(), scribbles.size());
  for (size_t n = 0; n < merged.size(); ++n) EXPECT_EQ(merged[n].part.bits, scribbles[n].part.bits);
}

TEST(MergeScribbles, KeepsWhatWasSaidLastOfEveryVoxel) {
  Random random(2);
  for (int round = 0; round < 500; ++round) {
    std::vector<client::Scribble> scribbles;
    for (uint64_t n = kMaxScribbles + 1 + random.Below(8); n > 0; --n) scribbles.push_back(Drawn(random));
    const auto merged = MergeScribbles(scribbles);
    EXPECT_EQ(merged.size(), kMaxScribbles);
    EXPECT_EQ(Said(merged), Said(scribbles));
  }
}

}  // namespace
}  // namespace sgpsam::gateway
