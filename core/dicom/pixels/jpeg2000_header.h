// Walks the marker segments of a JPEG 2000 codestream (ISO/IEC 15444-1 annex A, and part 15's) before a codec
// sees it: what a decoder would have to allocate and to do is bounded here. Decodes nothing, allocates
// nothing. Pure function; bytes are hostile.
#ifndef SGPSAM_CORE_DICOM_PIXELS_JPEG2000_HEADER_H_
#define SGPSAM_CORE_DICOM_PIXELS_JPEG2000_HEADER_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sgpsam {

// Far above what images need, and a few megabytes in a decoder.
inline constexpr uint64_t kMaxJpeg2000Tiles = 1024;

struct Jpeg2000Header {
  absl::string_view codestream;  // from SOC to EOC: without JP2 boxes and without what follows
  int precision = 0;             // bits a sample, 1 to 16
  bool is_signed = false;
};

// The only component of an image of `rows` x `columns`. INVALID_ARGUMENT if the codestream has other sizes or
// more components, is damaged, has markers of part 2, is followed by another one, or asks for more tiles,
// packets, precincts or code blocks than an image of its size needs.
absl::StatusOr<Jpeg2000Header> ReadJpeg2000Header(absl::string_view frame, int rows, int columns);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_PIXELS_JPEG2000_HEADER_H_
