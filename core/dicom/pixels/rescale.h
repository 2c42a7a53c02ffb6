// Stored values -> the volume's samples: high bits masked, sign extended, slope and intercept applied.
// Pure functions.
#ifndef SGPSAM_CORE_DICOM_PIXELS_RESCALE_H_
#define SGPSAM_CORE_DICOM_PIXELS_RESCALE_H_

#include <cstdint>

#include "absl/types/span.h"
#include "core/dicom/pixels/pixel_layout.h"
#include "core/volume/volume.h"

namespace sgpsam {

// value = slope * stored + intercept
struct Rescale {
  double slope = 1, intercept = 0;
};

struct SliceScale {
  PixelLayout layout;
  Rescale rescale;
};

// int16 if every value that any slice could hold is a whole number in its range, else uint16 likewise;
// int16 too if all are whole numbers and only their range is in doubt (16 bits stored, intercept -1024);
// else float32.
SampleType ChooseSampleType(absl::Span<const SliceScale> slices);

// Whether a sample has bits set outside of the stored ones that are neither zero nor copies of its sign: in
// the standard's words they are nothing (PS3.5 8.1.1), but what set them may have meant something. `stored`
// has layout.bytes() bytes, aligned for its sample.
bool HasStrayBits(const uint8_t* stored, const PixelLayout& layout);

// Writes layout.samples() samples of `type`, which ChooseSampleType gave, to `out`; `stored` has
// layout.bytes() bytes, aligned for its sample. False if a value does not fit `type`: then the volume has
// to be float32.
bool RescaleSlice(const uint8_t* stored, const SliceScale& slice, SampleType type, uint8_t* out);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_PIXELS_RESCALE_H_
