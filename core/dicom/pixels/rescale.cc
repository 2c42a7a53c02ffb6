#include "core/dicom/pixels/rescale.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sgpsam {
namespace {

constexpr double kMaxIntegerSlope = 4096, kMaxIntegerIntercept = 1 << 24;

struct ValueRange {
  double min = 0, max = 0;
  bool whole = true;  // every value is a whole number
};

ValueRange RangeOf(const SliceScale& slice) {
  const double a =
      slice.rescale.slope * static_cast<double>(slice.layout.min_value()) + slice.rescale.intercept;
  const double b =
      slice.rescale.slope * static_cast<double>(slice.layout.max_value()) + slice.rescale.intercept;
  return {.min = std::min(a, b),
          .max = std::max(a, b),
          .whole = std::trunc(slice.rescale.slope) == slice.rescale.slope &&
                   std::trunc(slice.rescale.intercept) == slice.rescale.intercept};
}

template <typename Sample>
bool Fits(const ValueRange& range) {
  return range.min >= std::numeric_limits<Sample>::min() && range.max <= std::numeric_limits<Sample>::max();
}

// Removes what lies around the stored bits. Wide enough for every layout.
template <typename Wide>
class Extractor {
 public:
  explicit Extractor(const PixelLayout& layout)
      : shift_(layout.high_bit + 1 - layout.bits_stored),
        mask_(static_cast<Wide>((uint64_t{1} << layout.bits_stored) - 1)),
        sign_(layout.is_signed ? static_cast<Wide>(uint64_t{1} << (layout.bits_stored - 1)) : 0) {}
  Wide operator()(Wide raw) const { return (((raw >> shift_) & mask_) ^ sign_) - sign_; }

 private:
  int shift_;
  Wide mask_, sign_;
};

template <typename Raw, typename Out>
bool ToIntegers(const Raw* stored, const SliceScale& slice, Out* out) {
  const Extractor<int32_t> extract(slice.layout);
  const auto slope = static_cast<int32_t>(slice.rescale.slope);
  const auto intercept = static_cast<int32_t>(slice.rescale.intercept);
  const size_t n = slice.layout.samples();
  int32_t lost = 0;  // bits that any value has and its sample has not
  for (size_t s = 0; s < n; ++s) {
    const int32_t value = extract(static_cast<int32_t>(stored[s])) * slope + intercept;
    out[s] = static_cast<Out>(value);
    lost |= value ^ static_cast<int32_t>(out[s]);
  }
  return lost == 0;
}

template <typename Raw>
bool ToFloats(const Raw* stored, const SliceScale& slice, float* out) {
  const Extractor<int64_t> extract(slice.layout);
  const double slope = slice.rescale.slope, intercept = slice.rescale.intercept;
  const size_t n = slice.layout.samples();
  for (size_t s = 0; s < n; ++s) {
    out[s] = static_cast<float>(slope * static_cast<double>(extract(stored[s])) + intercept);
  }
  return true;
}

template <typename Raw>
bool RescaleFrom(const uint8_t* bytes, const SliceScale& slice, SampleType type, uint8_t* out) {
  const Raw* stored = reinterpret_cast<const Raw*>(bytes);
  if (type == SampleType::kInt16) return ToIntegers(stored, slice, reinterpret_cast<int16_t*>(out));
  if (type == SampleType::kUint16) return ToIntegers(stored, slice, reinterpret_cast<uint16_t*>(out));
  return ToFloats(stored, slice, reinterpret_cast<float*>(out));
}

template <typename Raw>
bool HasStray(const uint8_t* bytes, const PixelLayout& layout) {
  const Raw* stored = reinterpret_cast<const Raw*>(bytes);
  const int shift = layout.high_bit + 1 - layout.bits_stored;
  const uint64_t inside = ((uint64_t{1} << layout.bits_stored) - 1) << shift;
  const uint64_t sign = layout.is_signed ? uint64_t{1} << layout.high_bit : 0;
  const size_t n = layout.samples();
  Raw any = 0;
  for (size_t s = 0; s < n; ++s) any |= stored[s];
  if ((any & ~inside) == 0) return false;  // as nearly always: the quick way
  bool stray = false;
  for (size_t s = 0; s < n; ++s) {
    const uint64_t outside = stored[s] & ~inside;
    // A sign may be copied to all bits above it, or to those that a codestream has: ones without a gap.
    const uint64_t carried = outside + (sign << 1);
    const bool extends_sign = (stored[s] & sign) != 0 && (carried & (carried - 1)) == 0;
    stray |= outside != 0 && !extends_sign;
  }
  return stray;
}

}  // namespace

bool HasStrayBits(const uint8_t* stored, const PixelLayout& layout) {
  if (layout.bits_stored == layout.bits_allocated) return false;
  switch (layout.bits_allocated) {
    case 8: return HasStray<uint8_t>(stored, layout);
    case 16: return HasStray<uint16_t>(stored, layout);
    default: return HasStray<uint32_t>(stored, layout);
  }
}

SampleType ChooseSampleType(absl::Span<const SliceScale> slices) {
  bool whole = true, fits_int16 = true, fits_uint16 = true;
  for (const SliceScale& slice : slices) {
    // What a product of 32 bits surely holds; real series stay far below.
    const bool narrow = std::abs(slice.rescale.slope) <= kMaxIntegerSlope &&
                        std::abs(slice.rescale.intercept) <= kMaxIntegerIntercept &&
                        slice.layout.bits_allocated <= 16;
    const ValueRange range = RangeOf(slice);
    whole = whole && narrow && range.whole;
    fits_int16 = fits_int16 && Fits<int16_t>(range);
    fits_uint16 = fits_uint16 && Fits<uint16_t>(range);
  }
  if (!whole) return SampleType::kFloat32;
  return fits_uint16 && !fits_int16 ? SampleType::kUint16 : SampleType::kInt16;
}

bool RescaleSlice(const uint8_t* stored, const SliceScale& slice, SampleType type, uint8_t* out) {
  switch (slice.layout.bits_allocated) {
    case 8: return RescaleFrom<uint8_t>(stored, slice, type, out);
    case 16: return RescaleFrom<uint16_t>(stored, slice, type, out);
    default: return RescaleFrom<uint32_t>(stored, slice, type, out);
  }
}

}  // namespace sgpsam
