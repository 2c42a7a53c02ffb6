// Where a frame of a segmentation lies on a volume's voxels. Its position, orientation and pixel spacing
// decide, and nothing else. A pure function.
#ifndef SGPSAM_CORE_DICOM_SEG_SEG_PLACEMENT_H_
#define SGPSAM_CORE_DICOM_SEG_SEG_PLACEMENT_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "core/volume/geometry.h"

namespace sgpsam {

struct FramePlane {
  WorldPoint position;               // centre of the first pixel, mm
  WorldPoint column_step, row_step;  // from a pixel to the next one in its row, and to the one below it, mm
  int columns = 0, rows = 0;         // at least 1
};

// The pixel in row r and column c is voxel number first + c * column_stride + r * row_stride, counted i
// fastest, then j, then k.
struct FramePlace {
  int64_t first = 0, column_stride = 0, row_stride = 0;
  size_t across = 2;  // the volume's axis that stands on the frame: 0 i, 1 j, 2 k
  int64_t slice = 0;  // along that axis
};

// A frame may lie along any two of the volume's axes, in any order and direction, and cover a part of the
// plane. FAILED_PRECONDITION if a pixel of it lies further than `tolerance` voxels from a voxel, or outside
// the volume.
absl::StatusOr<FramePlace> PlaceFrame(const FramePlane& frame, const Geometry& volume, double tolerance);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SEG_SEG_PLACEMENT_H_
