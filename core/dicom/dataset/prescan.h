// Walks a data set's elements without recursion and without believing any length: what stands between
// hostile bytes and everything that interprets them. Linear in the number of elements, not in the bytes.
#ifndef SGPSAM_CORE_DICOM_DATASET_PRESCAN_H_
#define SGPSAM_CORE_DICOM_DATASET_PRESCAN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sgpsam {

inline constexpr int kMaxNesting = 32;              // sequences in sequences; real files stay below 10
inline constexpr uint32_t kMaxElements = 1u << 20;  // in one file; a SEG of 5,000 frames has 200,000

constexpr uint32_t DicomTag(uint16_t group, uint16_t element) {
  return (static_cast<uint32_t>(group) << 16) | element;
}
inline constexpr uint32_t kPixelDataTag = DicomTag(0x7FE0, 0x0010);

// Bytes [offset, offset + length) of what was scanned; always inside it.
struct ByteRange {
  size_t offset = 0, length = 0;
};

struct ScannedElement {
  uint32_t tag = 0;
  char vr[2] = {0, 0};  // zeros in implicit VR
  ByteRange value;      // of a sequence of undefined length: empty
  ByteRange whole;      // from its tag to the end of its value, delimiters included
};

struct ScannedDataset {
  std::vector<ScannedElement> elements;  // the outermost ones before the pixel data, as they stand
  size_t header_end = 0;                 // offset of the pixel data element, or the end of the bytes
  bool has_pixels = false;
  char pixel_vr[2] = {0, 0};
  bool encapsulated = false;
  ByteRange pixels;                  // native pixel data
  ByteRange offset_table;            // of encapsulated pixel data; often empty
  std::vector<ByteRange> fragments;  // encapsulated pixel data
};

struct DatasetEncoding {
  bool explicit_vr = true;
  bool big_endian = false;
};

// Scans up to and including the first (7FE0,0010) of the outermost level; what follows it is not looked
// at. INVALID_ARGUMENT naming the offending tag: truncated, a length beyond its container's end, nested
// deeper than kMaxNesting, more than kMaxElements, an impossible value representation.
absl::StatusOr<ScannedDataset> ScanDataset(absl::string_view bytes, const DatasetEncoding& encoding);

// The outermost elements before the place where ScanDataset fails; all of them where it does not. For telling
// what a damaged file was: `whole` of the last one may be empty.
std::vector<ScannedElement> ScanUntilDamaged(absl::string_view bytes, const DatasetEncoding& encoding);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DATASET_PRESCAN_H_
