// One JPEG 2000 frame by OpenJPEG, raw codestream or in JP2 boxes. The codestream's own header is compared
// with the data set's before anything is decoded. Reentrant.
#ifndef SGPSAM_CORE_DICOM_JPEG2000_DECODER_H_
#define SGPSAM_CORE_DICOM_JPEG2000_DECODER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/dicom/pixel_layout.h"

namespace sgpsam {

// INVALID_ARGUMENT unless the codestream has one component of layout's rows and columns, of at most 16
// bits. Sets the layout's bits and sign to the codestream's.
absl::Status CheckJpeg2000(absl::string_view frame, PixelLayout& layout);

// Fills `samples` with layout.bytes() bytes; `layout` comes from CheckJpeg2000.
absl::Status DecodeJpeg2000(absl::string_view frame, const PixelLayout& layout,
                            std::vector<uint8_t>& samples);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_JPEG2000_DECODER_H_
