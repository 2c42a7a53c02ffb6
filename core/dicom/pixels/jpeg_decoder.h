// One JPEG or JPEG-LS frame by DCMTK's codecs. DCMTK never parses the file: it gets a data set composed of
// checked values and the compressed bytes, which core/dicom/pixels/jpeg_header.h has walked. Reentrant.
#ifndef SGPSAM_CORE_DICOM_PIXELS_JPEG_DECODER_H_
#define SGPSAM_CORE_DICOM_PIXELS_JPEG_DECODER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/dicom/dataset/transfer_syntax.h"
#include "core/dicom/pixels/jpeg_header.h"
#include "core/dicom/pixels/pixel_layout.h"

namespace sgpsam {

// INVALID_ARGUMENT unless the stream is sound by its headers, of layout's rows and columns and of a precision
// that fits BitsAllocated. A lower precision than BitsStored holds instead of it: `layout` is narrowed to it.
// A higher one holds whole pixel cells, of which BitsStored counts, as in native pixel data (PS3.5 8.1.1).
absl::Status CheckJpeg(absl::string_view frame, JpegFamily family, PixelLayout& layout);

// Fills `samples` with layout.bytes() bytes; the frame has passed CheckJpeg.
absl::Status DecodeJpeg(absl::string_view frame, const TransferSyntax& syntax, const PixelLayout& layout,
                        std::vector<uint8_t>& samples);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_PIXELS_JPEG_DECODER_H_
