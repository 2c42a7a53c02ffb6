// One JPEG 2000 frame by OpenJPEG, raw codestream or in JP2 boxes, high-throughput (part 15) or not. OpenJPEG
// sees only what core/dicom/pixels/jpeg2000_header.h has walked. Reentrant.
#ifndef SGPSAM_CORE_DICOM_PIXELS_JPEG2000_DECODER_H_
#define SGPSAM_CORE_DICOM_PIXELS_JPEG2000_DECODER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/dicom/pixels/pixel_layout.h"

namespace sgpsam {

// INVALID_ARGUMENT unless the codestream is sound by its headers: one component of layout's rows and columns,
// of at most 16 bits. The precision is the codestream's, the sign is PixelRepresentation's: where both
// disagree, the values are two's complement of the codestream's precision, and `notes` says so. A codestream
// without sign may hold raw pixel cells of more bits than a signed BitsStored; then BitsStored counts.
absl::Status CheckJpeg2000(absl::string_view frame, PixelLayout& layout, PixelNotes& notes);

// Fills `samples` with layout.bytes() bytes; `layout` comes from CheckJpeg2000.
absl::Status DecodeJpeg2000(absl::string_view frame, const PixelLayout& layout,
                            std::vector<uint8_t>& samples);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_PIXELS_JPEG2000_DECODER_H_
