// The stored values of a segmentation's frames, in every encoding that the reader takes: bit-packed or in
// bytes, little or big endian, one compressed frame after the other. Bytes are hostile: what is announced is
// compared with what is there before anything is decoded. Refers to the file, which outlives it; reentrant.
#ifndef SGPSAM_CORE_DICOM_SEG_SEG_PIXELS_H_
#define SGPSAM_CORE_DICOM_SEG_SEG_PIXELS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/dicom/dataset/dicom_file.h"

namespace sgpsam {

struct SegPixelLayout {
  int rows = 0, columns = 0;  // each 1 to Geometry::kMaxAxis
  int bits_allocated = 1;     // 1, 8 or 16
  uint64_t frames = 0;        // 1 to kMaxElements

  size_t pixels() const { return static_cast<size_t>(rows) * static_cast<size_t>(columns); }
};

class SegPixels {
 public:
  // INVALID_ARGUMENT if there are too few bytes or frames, or if the transfer syntax loses values.
  static absl::StatusOr<SegPixels> Create(const DicomFile& file, const SegPixelLayout& layout);

  // Fills `values` with layout.pixels() stored values. `frame` is below layout.frames.
  absl::Status Read(uint64_t frame, std::vector<uint16_t>& values) const;

 private:
  SegPixels(const DicomFile& file, const SegPixelLayout& layout) : file_(&file), layout_(layout) {}
  absl::Status FindFrames();
  void ReadNative(uint64_t frame, std::vector<uint16_t>& values) const;
  absl::Status Decompress(absl::string_view bytes, std::vector<uint16_t>& values) const;

  const DicomFile* file_;
  SegPixelLayout layout_;
  std::vector<size_t> first_fragment_;  // of each frame, and their number after the last; native: empty
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SEG_SEG_PIXELS_H_
