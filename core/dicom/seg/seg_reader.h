// A DICOM segmentation -> masks on a volume's voxels: what corrects a mask, what a preview draws. BINARY,
// FRACTIONAL and LABELMAP (PS3.3 A.51, A.90), native, deflated, RLE, JPEG lossless, JPEG-LS or JPEG 2000, in
// either byte order. Bytes are hostile; they pass the same prescan as a series' files. Reentrant.
#ifndef SGPSAM_CORE_DICOM_SEG_SEG_READER_H_
#define SGPSAM_CORE_DICOM_SEG_SEG_READER_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/dicom/derived/series_info.h"
#include "core/volume/geometry.h"
#include "core/volume/mask.h"
#include "core/volume/segment_colours.h"

namespace sgpsam {

struct ReadSegment {
  int number = 0;     // SegmentNumber
  std::string label;  // UTF-8; empty where it is not text of its character set
  std::array<uint8_t, 3> rgb = SegmentColour(0);
  Mask mask;  // on the volume's grid
};

struct ReadSegmentation {
  std::vector<ReadSegment> segments;  // a background segment is none of them
  std::vector<std::string> warnings;  // what was assumed; never a tag's value
};

// Frames lie where PlanePosition, PlaneOrientation and PixelMeasures say: a voxel may be off by
// kMaskGridTolerance of the volume's; frames may be turned, flipped, or stand along other axes. References
// are a cross-check: FAILED_PRECONDITION if the frame of reference is not the source's, or a frame refers to
// other images than those on which it lies; missing ones are no fault. `source` is nullptr for a volume that
// is no DICOM series. FAILED_PRECONDITION, too, for frames on other voxels; INVALID_ARGUMENT for what is
// damaged or no segmentation in the patient's space.
absl::StatusOr<ReadSegmentation> ReadSeg(absl::string_view bytes, const SeriesInfo* source,
                                         const Geometry& volume);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SEG_SEG_READER_H_
