#include "core/dicom/seg/seg_frames.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "core/dicom/seg/cielab.h"
#include "core/volume/segment_colours.h"

namespace sgpsam {
namespace {

TEST(SegFrames, CopiesBitsFromAnyPositionToAnyPosition) {
  std::vector<uint8_t> source(40);
  for (size_t n = 0; n < source.size(); ++n) source[n] = static_cast<uint8_t>(n * 37 + 11);
  const auto bit = [](const std::vector<uint8_t>& bytes, uint64_t n) {
    return (bytes[n / 8] >> (n % 8)) & 1;
  };
  for (uint64_t from = 0; from < 17; ++from) {
    for (uint64_t to = 0; to < 17; ++to) {
      for (uint64_t count : {0, 1, 7, 8, 9, 63, 64, 65, 200}) {
        std::vector<uint8_t> target(40, 0);
        CopyBits(source.data(), from, count, target.data(), to);
        for (uint64_t n = 0; n < 320; ++n) {
          const int expected = n >= to && n < to + count ? bit(source, from + n - to) : 0;
          ASSERT_EQ(bit(target, n), expected) << from << " " << to << " " << count << " " << n;
        }
      }
    }
  }
}

TEST(SegFrames, OmitsEmptyFramesAndKeepsAllIfThereIsNothing) {
  Mask first({3, 3, 4}), second({3, 3, 4});
  first.Set(1, 1, 3);
  first.Set(2, 2, 0);
  second.Set(0, 0, 2);
  const Mask* masks[] = {&first, &second};
  const std::vector<SegFrame> frames = PlanFrames(masks);
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].k, 0);
  EXPECT_EQ(frames[1].k, 3);
  EXPECT_EQ(frames[2].segment, 1u);
  const Mask nothing({3, 3, 4});
  const Mask* empty[] = {&nothing, &nothing};
  EXPECT_EQ(PlanFrames(empty).size(), 4u);
}

TEST(SegFrames, PadsOnceAtTheEnd) {
  Mask mask({3, 3, 3});
  for (int64_t k = 0; k < 3; ++k) mask.Set(0, 0, k);
  const Mask* masks[] = {&mask};
  const std::vector<uint8_t> packed = PackFrames(masks, PlanFrames(masks));
  // Bits 0, 9 and 18 of 27: four bytes.
  EXPECT_EQ(packed, (std::vector<uint8_t>{0x01, 0x02, 0x04, 0x00}));
}

TEST(SegFrames, NoticesOverlap) {
  Mask a({5, 5, 5}), b({5, 5, 5}), c({5, 5, 5});
  a.Set(1, 2, 3);
  b.Set(4, 4, 4);
  c.Set(1, 2, 3);
  const Mask* apart[] = {&a, &b};
  const Mask* overlapping[] = {&a, &b, &c};
  EXPECT_FALSE(AnyOverlap(apart));
  EXPECT_TRUE(AnyOverlap(overlapping));
}

// In CIELab's own units; DICOM's 65535 are 100 of L* and 255 of a* and b*.
std::array<double, 3> LabOf(const std::array<uint8_t, 3>& rgb) {
  const std::array<uint16_t, 3> lab = CieLabFromSrgb(rgb);
  return {lab[0] / 655.35, lab[1] / 257.0 - 128, lab[2] / 257.0 - 128};
}

TEST(SegmentColours, AreFarApartAndFarFromGrey) {
  EXPECT_EQ(SegmentColour(0), (std::array<uint8_t, 3>{255, 64, 64}));
  for (size_t a = 0; a < kSegmentColours.size(); ++a) {
    const std::array<double, 3> one = LabOf(SegmentColour(a));
    EXPECT_GE(std::hypot(one[1], one[2]), 33) << a;
    for (size_t b = 0; b < a; ++b) {
      const std::array<double, 3> other = LabOf(SegmentColour(b));
      EXPECT_GE(std::hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]), 40) << a << " " << b;
    }
  }
  EXPECT_EQ(SegmentColour(16), SegmentColour(0));
}

TEST(CieLab, MatchesPublishedValues) {
  // White, and pure sRGB red: L* 54.29, a* 80.80, b* 69.89 under D50.
  EXPECT_NEAR(CieLabFromSrgb({255, 255, 255})[0], 65535, 2);
  const auto red = CieLabFromSrgb({255, 0, 0});
  EXPECT_NEAR(red[0], 54.29 * 655.35, 20);
  EXPECT_NEAR(red[1], (80.80 + 128) * 257, 20);
  EXPECT_NEAR(red[2], (69.89 + 128) * 257, 20);
}

}  // namespace
}  // namespace sgpsam
