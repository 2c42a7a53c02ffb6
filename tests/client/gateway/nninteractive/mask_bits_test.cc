#include "client/gateway/nninteractive/mask_bits.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "core/base/random.h"

namespace sgpsam::gateway {
namespace {

constexpr Shape kShape = {3, 5, 7};

std::string Marked(std::initializer_list<Shape> voxels) {
  std::string bytes(VoxelsOf(kShape), '\0');
  for (const Shape& at : voxels) bytes[(at[0] * kShape[1] + at[1]) * kShape[2] + at[2]] = 1;
  return PackBits(bytes);
}

TEST(MaskBits, HaveTheFirstVoxelInTheLowestBit) {
  EXPECT_EQ(PackBits(absl::string_view("\1\0\0\0\0\0\0\2\0\xff", 10)), std::string("\x81\x02", 2));
  EXPECT_EQ(PackBits(""), "");
}

TEST(MaskBits, BoxOfChangesHoldsWhatCameAndWhatWent) {
  const std::string before = Marked({{1, 2, 3}, {2, 0, 4}}), after = Marked({{1, 2, 3}, {0, 4, 6}});
  EXPECT_EQ(BoxOfChanges(before, after, kShape), (VoxelBox{{0, 0, 4}, {3, 5, 7}}));
  EXPECT_EQ(BoxOfChanges(before, before, kShape), std::nullopt);
  EXPECT_EQ(BoxOfChanges("", "", kShape), std::nullopt);
  EXPECT_EQ(BoxOfChanges(before, "", kShape), (VoxelBox{{1, 0, 3}, {3, 3, 5}}));
  EXPECT_EQ(BoxOfMarks(Marked({{2, 4, 6}}), kShape), (VoxelBox{{2, 4, 6}, {3, 5, 7}}));
}

TEST(MaskBits, GiveTheVoxelsOfABox) {
  const std::string bits = Marked({{1, 2, 3}, {1, 3, 4}, {0, 0, 0}});
  EXPECT_EQ(VoxelsIn(bits, kShape, {{1, 2, 3}, {2, 4, 5}}), std::string("\1\0\0\1", 4));
  EXPECT_EQ(VoxelsIn("", kShape, {{0, 0, 0}, {1, 1, 2}}), std::string(2, '\0'));
}

// A client that overwrites the box in the mask before has the mask after.
TEST(MaskBits, WhatABoxHoldsTurnsOneMaskIntoTheOther) {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    std::string before(VoxelsOf(kShape), '\0'), after = before;
    for (uint64_t n = random.Below(4); n > 0; --n) before[random.Below(before.size())] = 1;
    for (uint64_t n = random.Below(4); n > 0; --n) after[random.Below(after.size())] = 1;
    const auto box = BoxOfChanges(PackBits(before), PackBits(after), kShape);
    if (box) {
      const std::string content = VoxelsIn(PackBits(after), kShape, *box);
      size_t next = 0;
      for (uint32_t x = box->begin[0]; x < box->end[0]; ++x) {
        for (uint32_t y = box->begin[1]; y < box->end[1]; ++y) {
          for (uint32_t z = box->begin[2]; z < box->end[2]; ++z)
            before[(x * kShape[1] + y) * kShape[2] + z] = content[next++];
        }
      }
    }
    EXPECT_EQ(before, after);
  }
}

}  // namespace
}  // namespace sgpsam::gateway
