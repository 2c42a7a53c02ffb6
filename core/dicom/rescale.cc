#include "core/dicom/rescale.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sgpsam {
namespace {

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
  return range.whole && range.min >= std::numeric_limits<Sample>::min() &&
         range.max <= std::numeric_limits<Sample>::max();
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
void ToIntegers(const Raw* stored, const SliceScale& slice, Out* out) {
  // 32 bits do: the result has 16, and ChooseSampleType has seen that no value leaves them.
  const Extractor<int32_t> extract(slice.layout);
  const auto slope = static_cast<int32_t>(slice.rescale.slope);
  const auto intercept = static_cast<int32_t>(slice.rescale.intercept);
  const size_t n = slice.layout.samples();
  for (size_t s = 0; s < n; ++s) {
    out[s] = static_cast<Out>(extract(static_cast<int32_t>(stored[s])) * slope + intercept);
  }
}

template <typename Raw>
void ToFloats(const Raw* stored, const SliceScale& slice, float* out) {
  const Extractor<int64_t> extract(slice.layout);
  const double slope = slice.rescale.slope, intercept = slice.rescale.intercept;
  const size_t n = slice.layout.samples();
  for (size_t s = 0; s < n; ++s) {
    out[s] = static_cast<float>(slope * static_cast<double>(extract(stored[s])) + intercept);
  }
}

template <typename Raw>
void RescaleFrom(const uint8_t* bytes, const SliceScale& slice, SampleType type, uint8_t* out) {
  const Raw* stored = reinterpret_cast<const Raw*>(bytes);
  if (type == SampleType::kInt16) return ToIntegers(stored, slice, reinterpret_cast<int16_t*>(out));
  if (type == SampleType::kUint16) return ToIntegers(stored, slice, reinterpret_cast<uint16_t*>(out));
  ToFloats(stored, slice, reinterpret_cast<float*>(out));
}

}  // namespace

SampleType ChooseSampleType(absl::Span<const SliceScale> slices) {
  bool fits_int16 = true, fits_uint16 = true;
  for (const SliceScale& slice : slices) {
    // Slopes beyond 16 bits only fit where they never multiply anything: not worth an integer path.
    const bool narrow = std::abs(slice.rescale.slope) <= std::numeric_limits<int16_t>::max() &&
                        slice.layout.bits_stored <= 16 && slice.layout.bits_allocated <= 16;
    const ValueRange range = RangeOf(slice);
    fits_int16 = fits_int16 && narrow && Fits<int16_t>(range);
    fits_uint16 = fits_uint16 && narrow && Fits<uint16_t>(range);
  }
  if (fits_int16) return SampleType::kInt16;
  return fits_uint16 ? SampleType::kUint16 : SampleType::kFloat32;
}

void RescaleSlice(const uint8_t* stored, const SliceScale& slice, SampleType type, uint8_t* out) {
  switch (slice.layout.bits_allocated) {
    case 8: return RescaleFrom<uint8_t>(stored, slice, type, out);
    case 16: return RescaleFrom<uint16_t>(stored, slice, type, out);
    default: return RescaleFrom<uint32_t>(stored, slice, type, out);
  }
}

}  // namespace sgpsam
