// One JPEG or JPEG-LS frame by DCMTK's codecs. DCMTK never parses the file: it gets a data set composed of
// checked values and the compressed bytes, whose frame header has been compared with them. Reentrant.
#ifndef SGPSAM_CORE_DICOM_JPEG_DECODER_H_
#define SGPSAM_CORE_DICOM_JPEG_DECODER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/dicom/pixel_layout.h"
#include "core/dicom/transfer_syntax.h"

namespace sgpsam {

enum class JpegFamily { kJpeg, kJpegLs };

// INVALID_ARGUMENT unless the stream's frame header announces one component of layout's rows and columns
// whose precision fits BitsAllocated.
absl::Status CheckJpeg(absl::string_view frame, JpegFamily family, const PixelLayout& layout);

// Fills `samples` with layout.bytes() bytes; the frame has passed CheckJpeg.
absl::Status DecodeJpeg(absl::string_view frame, const TransferSyntax& syntax, const PixelLayout& layout,
                        std::vector<uint8_t>& samples);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_JPEG_DECODER_H_
