// How one slice's stored values lie in memory, and which numbers they can be. Plain values.
#ifndef SGPSAM_CORE_DICOM_PIXELS_PIXEL_LAYOUT_H_
#define SGPSAM_CORE_DICOM_PIXELS_PIXEL_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace sgpsam {

// What the caller should know of how a slice was read: fixed texts, without any value of the file.
using PixelNotes = std::vector<absl::string_view>;

struct PixelLayout {
  int rows = 0, columns = 0;
  int bits_allocated = 16;  // 8, 16 or 32
  int bits_stored = 16, high_bit = 15;
  bool is_signed = false;

  // Neither can overflow: rows and columns are at most Geometry::kMaxAxis.
  size_t samples() const { return static_cast<size_t>(rows) * static_cast<size_t>(columns); }
  size_t bytes() const { return samples() * static_cast<size_t>(bits_allocated / 8); }

  // The least and the greatest value that bits_stored can hold.
  int64_t min_value() const { return is_signed ? -(int64_t{1} << (bits_stored - 1)) : 0; }
  int64_t max_value() const { return (int64_t{1} << (is_signed ? bits_stored - 1 : bits_stored)) - 1; }
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_PIXELS_PIXEL_LAYOUT_H_
