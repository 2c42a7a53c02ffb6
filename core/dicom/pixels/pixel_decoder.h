// Pixel data as stored in a file -> one frame of stored values in native byte order. Bytes are hostile:
// every size is checked against the file's Rows, Columns and BitsAllocated before anything is decoded.
// Reentrant.
#ifndef SGPSAM_CORE_DICOM_PIXELS_PIXEL_DECODER_H_
#define SGPSAM_CORE_DICOM_PIXELS_PIXEL_DECODER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "core/dicom/dataset/dicom_file.h"
#include "core/dicom/pixels/pixel_layout.h"

namespace sgpsam {

// Whether the pixel data can hold such a frame, from their headers alone: enough native bytes, or a
// compressed frame of the same size and of one component. `layout` is that of the data set; where a
// codestream says otherwise, it becomes that of the samples that DecodePixels gives. Adds to `notes` what a
// caller should know.
absl::Status CheckPixelBytes(const DicomFile& file, PixelLayout& layout, PixelNotes& notes);

// Fills `samples` with layout.bytes() bytes. `layout` has passed CheckPixelBytes. Junk above and below the
// stored bits is left in place: core/dicom/pixels/rescale.h removes it.
absl::Status DecodePixels(const DicomFile& file, const PixelLayout& layout, std::vector<uint8_t>& samples);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_PIXELS_PIXEL_DECODER_H_
