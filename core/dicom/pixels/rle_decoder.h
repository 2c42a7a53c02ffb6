// RLE Lossless (PS3.5 annex G). Our own, and small, because the packaged DCMTK's decoder reads beyond its
// input on hostile segment tables. Pure function.
#ifndef SGPSAM_CORE_DICOM_PIXELS_RLE_DECODER_H_
#define SGPSAM_CORE_DICOM_PIXELS_RLE_DECODER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/dicom/pixels/pixel_layout.h"

namespace sgpsam {

// INVALID_ARGUMENT if the frame has another number of segments than a sample has bytes, or if a segment lies
// outside of it or is too short for any packing of layout's samples.
absl::Status CheckRle(absl::string_view frame, const PixelLayout& layout);

// Fills `samples` with layout.bytes() bytes in native order. INVALID_ARGUMENT where CheckRle gives it, and
// for a segment that ends too soon.
absl::Status DecodeRle(absl::string_view frame, const PixelLayout& layout, std::vector<uint8_t>& samples);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_PIXELS_RLE_DECODER_H_
