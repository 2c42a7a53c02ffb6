#include "core/volume/mask.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sgpsam {
namespace {

constexpr Shape kOdd{5, 3, 7};  // 105 voxels: neither rows, slices nor the whole end on a byte

TEST(Mask, StartsEmpty) {
  const Mask mask(kOdd);
  EXPECT_EQ(mask.bits().size(), 14u);
  EXPECT_EQ(mask.CountVoxels(), 0u);
  EXPECT_FALSE(mask.at(4, 2, 6));
}

TEST(Mask, SetsOneVoxelAndNoOther) {
  for (int64_t k = 0; k < 7; ++k) {
    for (int64_t j = 0; j < 3; ++j) {
      for (int64_t i = 0; i < 5; ++i) {
        Mask mask(kOdd);
        mask.Set(i, j, k);
        EXPECT_TRUE(mask.at(i, j, k));
        EXPECT_EQ(mask.CountVoxels(), 1u);
        EXPECT_EQ(mask.CountVoxelsInSlice(k), 1u);
        EXPECT_EQ(mask.CountVoxelsInSlice((k + 1) % 7), 0u);
      }
    }
  }
}

TEST(Mask, PacksIFastestAndLeastSignificantFirst) {
  Mask mask(kOdd);
  mask.Set(3, 1, 0);  // voxel 8: bit 0 of byte 1
  mask.Set(2, 0, 1);  // voxel 17: bit 1 of byte 2
  EXPECT_EQ(mask.bits()[1], 1);
  EXPECT_EQ(mask.bits()[2], 2);
}

TEST(Mask, CountsLargeSlicesOfEveryAlignment) {
  for (int64_t width = 60; width < 70; ++width) {
    Mask mask(Shape{width, 67, 3});
    for (int64_t j = 0; j < 67; ++j) {
      for (int64_t i = 0; i < width; ++i) mask.Set(i, j, 1);
    }
    EXPECT_EQ(mask.CountVoxelsInSlice(0), 0u);
    EXPECT_EQ(mask.CountVoxelsInSlice(1), static_cast<uint64_t>(width) * 67);
    EXPECT_EQ(mask.CountVoxelsInSlice(2), 0u);
    EXPECT_EQ(mask.CountVoxels(), static_cast<uint64_t>(width) * 67);
  }
}

TEST(Mask, SetsARowOfEveryLengthAtEveryAlignment) {
  const Shape shape{29, 3, 2};
  for (int64_t begin = 0; begin < shape.i; ++begin) {
    for (int64_t end = begin; end <= shape.i; ++end) {
      std::vector<uint8_t> flags;
      Mask by_row(shape), by_voxel(shape);
      for (int64_t i = begin; i < end; ++i) {
        flags.push_back(i % 3 != 1 ? 1 : 0);
        if (flags.back() == 1) by_voxel.Set(i, 1, 1);
      }
      by_row.Set(0, 1, 1);  // what was set stays
      by_voxel.Set(0, 1, 1);
      by_row.SetRow(begin, 1, 1, flags);
      ASSERT_EQ(by_row.bits(), by_voxel.bits()) << begin << " to " << end;
    }
  }
}

TEST(Mask, GetsBackARowOfEveryLengthAtEveryAlignment) {
  const Shape shape{29, 3, 2};
  Mask mask(shape);
  for (int64_t i = 0; i < shape.i; ++i) {
    if (i * i % 7 < 3) mask.Set(i, 1, 1);
  }
  for (int64_t begin = 0; begin < shape.i; ++begin) {
    for (int64_t end = begin; end <= shape.i; ++end) {
      std::vector<uint8_t> flags(static_cast<size_t>(end - begin), 9), expected;
      for (int64_t i = begin; i < end; ++i) expected.push_back(mask.at(i, 1, 1) ? 1 : 0);
      mask.GetRow(begin, 1, 1, absl::MakeSpan(flags));
      ASSERT_EQ(flags, expected) << begin << " to " << end;
    }
  }
}

TEST(Mask, FindsTheNextGapFromEverywhereToEverywhere) {
  const Shape shape{13, 5, 7};
  Mask mask(shape);
  for (int64_t n = 0; n < 455; ++n) {
    if (n != 3 && n != 8 && n != 64 && n != 200 && n != 201) mask.Set(n % 13, n / 13 % 5, n / 65);
  }
  for (uint64_t end = 0; end <= 455; ++end) {
    uint64_t expected = end;
    EXPECT_EQ(mask.NextGap(end, end), end);
    for (auto n = static_cast<int64_t>(end) - 1; n >= 0; --n) {
      if (!mask.at(n % 13, n / 13 % 5, n / 65)) expected = static_cast<uint64_t>(n);
      ASSERT_EQ(mask.NextGap(static_cast<uint64_t>(n), end), expected) << n << " to " << end;
    }
  }
}

TEST(Mask, FindsTheNextVoxelFromEverywhere) {
  const Shape shape{13, 5, 7};
  Mask mask(shape);
  EXPECT_EQ(mask.NextVoxel(0), 455u);
  for (const int64_t n : {3, 7, 8, 64, 200, 201, 454}) mask.Set(n % 13, n / 13 % 5, n / 65);
  uint64_t expected = 455;
  for (int64_t n = 454; n >= 0; --n) {
    if (mask.at(n % 13, n / 13 % 5, n / 65)) expected = static_cast<uint64_t>(n);
    EXPECT_EQ(mask.NextVoxel(static_cast<uint64_t>(n)), expected) << n;
  }
  EXPECT_EQ(mask.NextVoxel(455), 455u);
}

TEST(Mask, ComesBackFromItsBits) {
  Mask mask(kOdd);
  mask.Set(4, 2, 6);
  const std::string bits(mask.bits().begin(), mask.bits().end());
  absl::StatusOr<Mask> back = Mask::FromBits(kOdd, bits);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->bits(), mask.bits());
}

TEST(Mask, RefusesBitsOfAWrongSizeOrBehindTheLastVoxel) {
  EXPECT_EQ(Mask::FromBits(kOdd, std::string(13, '\0')).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Mask::FromBits(kOdd, std::string(15, '\0')).status().code(), absl::StatusCode::kInvalidArgument);
  std::string bits(14, '\0');
  bits[13] = 1;  // voxel 104, the last
  EXPECT_TRUE(Mask::FromBits(kOdd, bits).ok());
  bits[13] = 2;
  EXPECT_EQ(Mask::FromBits(kOdd, bits).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam
