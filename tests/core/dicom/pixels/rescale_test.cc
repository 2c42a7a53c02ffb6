#include "core/dicom/pixels/rescale.h"

#include <gtest/gtest.h>

namespace sgpsam {
namespace {

SliceScale Scale(int stored_bits, bool is_signed, double slope, double intercept, int allocated = 16) {
  return {{.rows = 1,
           .columns = 4,
           .bits_allocated = allocated,
           .bits_stored = stored_bits,
           .high_bit = stored_bits - 1,
           .is_signed = is_signed},
          {slope, intercept}};
}

SampleType TypeFor(std::initializer_list<SliceScale> slices) {
  return ChooseSampleType(std::vector<SliceScale>(slices));
}

TEST(Rescale, ChoosesTheSmallestTypeThatMayHoldEveryValue) {
  EXPECT_EQ(TypeFor({Scale(12, false, 1, -1024)}), SampleType::kInt16);
  EXPECT_EQ(TypeFor({Scale(16, true, 1, 0)}), SampleType::kInt16);
  EXPECT_EQ(TypeFor({Scale(16, false, 1, 0)}), SampleType::kUint16);
  EXPECT_EQ(TypeFor({Scale(16, true, 1, -1024)}), SampleType::kInt16);  // unless a value proves it wrong
  EXPECT_EQ(TypeFor({Scale(12, false, 0.5, 0)}), SampleType::kFloat32);
  EXPECT_EQ(TypeFor({Scale(12, false, 1, 0), Scale(12, false, 1, 0.25)}), SampleType::kFloat32);
  EXPECT_EQ(TypeFor({Scale(12, false, 1e9, 0)}), SampleType::kFloat32);
  EXPECT_EQ(TypeFor({Scale(12, false, 1, 1e300)}), SampleType::kFloat32);
  EXPECT_EQ(TypeFor({Scale(32, false, 1, 0, 32)}), SampleType::kFloat32);
}

TEST(Rescale, SaysWhenAValueDoesNotFit) {
  alignas(8) const uint16_t stored[4] = {0, 1, 0x8000, 0x7FFF};
  int16_t out[4];
  const auto* bytes = reinterpret_cast<const uint8_t*>(stored);
  auto* samples = reinterpret_cast<uint8_t*>(out);
  EXPECT_TRUE(RescaleSlice(bytes, Scale(16, true, 1, 0), SampleType::kInt16, samples));
  EXPECT_EQ(out[2], -32768);
  EXPECT_FALSE(RescaleSlice(bytes, Scale(16, true, 1, -1), SampleType::kInt16, samples));
  EXPECT_FALSE(RescaleSlice(bytes, Scale(16, true, -1, 0), SampleType::kInt16, samples));
  EXPECT_TRUE(RescaleSlice(bytes, Scale(15, true, -2, 0), SampleType::kInt16, samples));
}

TEST(Rescale, ReadsThirtyTwoBits) {
  alignas(8) const uint32_t stored[4] = {0xFFFFFFFF, 5, 0x80000000, 0x7FFFFFFF};
  float out[4];
  RescaleSlice(reinterpret_cast<const uint8_t*>(stored), Scale(32, true, 2, 1, 32), SampleType::kFloat32,
               reinterpret_cast<uint8_t*>(out));
  EXPECT_EQ(out[0], -1.0f);
  EXPECT_EQ(out[1], 11.0f);
  EXPECT_EQ(out[2], -4294967296.0f + 1);
  EXPECT_EQ(out[3], 4294967295.0f);
}

bool Stray(uint16_t sample, int stored_bits, int high_bit, bool is_signed) {
  alignas(8) const uint16_t stored[4] = {0, 0, sample, 0};
  SliceScale scale = Scale(stored_bits, is_signed, 1, 0);
  scale.layout.high_bit = high_bit;
  return HasStrayBits(reinterpret_cast<const uint8_t*>(stored), scale.layout);
}

TEST(Rescale, TellsStrayBitsFromSigns) {
  EXPECT_FALSE(Stray(0x0FFF, 12, 11, false));
  EXPECT_TRUE(Stray(0x1FFF, 12, 11, false));
  EXPECT_TRUE(Stray(0xF800, 12, 11, false));  // no sign in an unsigned image
  EXPECT_FALSE(Stray(0xF800, 12, 11, true));
  EXPECT_FALSE(Stray(0x3800, 12, 11, true));  // extended to 14 bits
  EXPECT_FALSE(Stray(0x0800, 12, 11, true));  // not extended
  EXPECT_TRUE(Stray(0xF7FF, 12, 11, true));   // not the sign
  EXPECT_TRUE(Stray(0xD800, 12, 11, true));
  EXPECT_TRUE(Stray(0x2800, 12, 11, true));
  EXPECT_FALSE(Stray(0x3FFC, 12, 13, false));
  EXPECT_FALSE(Stray(0xE000, 12, 13, true));
  EXPECT_TRUE(Stray(0xE001, 12, 13, true));
  EXPECT_FALSE(Stray(0xFFFF, 16, 15, false));
}

}  // namespace
}  // namespace sgpsam
