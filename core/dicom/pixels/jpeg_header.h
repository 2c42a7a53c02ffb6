// Walks the marker segments of a JPEG (ITU-T T.81 annex B) or JPEG-LS (T.87 annex C) stream from its start to
// its end before a codec sees it: sizes and the number of scans are bounded here. Decodes nothing, allocates
// nothing. Pure function; bytes are hostile.
#ifndef SGPSAM_CORE_DICOM_PIXELS_JPEG_HEADER_H_
#define SGPSAM_CORE_DICOM_PIXELS_JPEG_HEADER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sgpsam {

enum class JpegFamily { kJpeg, kJpegLs };

// A progressive image of one component usually has 6 to 10 scans, any other one has one. A decoder goes over
// all coefficients in each.
inline constexpr unsigned kMaxJpegScans = 64;

struct JpegHeader {
  absl::string_view stream;  // from SOI to EOI, without what follows
  int precision = 0;         // bits a sample, 2 to 16
};

// Of the only component of an image of `rows` x `columns`. INVALID_ARGUMENT if the frame header announces
// another size or more components, for a second frame header, too many scans, a process that is not decoded
// (arithmetic, hierarchical), for a stream that is damaged or has no end, and where another one follows it.
absl::StatusOr<JpegHeader> ReadJpegHeader(absl::string_view stream, JpegFamily family, int rows, int columns);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_PIXELS_JPEG_HEADER_H_
