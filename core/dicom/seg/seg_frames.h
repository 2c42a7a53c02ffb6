// Which frames a BINARY SEG has, and their bits. Pure functions.
#ifndef SGPSAM_CORE_DICOM_SEG_SEG_FRAMES_H_
#define SGPSAM_CORE_DICOM_SEG_SEG_FRAMES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/volume/mask.h"

namespace sgpsam {

struct SegFrame {
  size_t segment = 0;  // index of its mask
  int64_t k = 0;       // its slice
};

// Segment by segment, k ascending, without empty frames; all frames of the first segment if every one is
// empty. `masks` is not empty; all have one shape.
std::vector<SegFrame> PlanFrames(absl::Span<const Mask* const> masks);

// The frames' bits without a gap between frames, least significant bit first, padded with zeros to an even
// number of bytes (PS3.5 8.1.1 and annex D).
std::vector<uint8_t> PackFrames(absl::Span<const Mask* const> masks, absl::Span<const SegFrame> frames);

// True if two masks share a voxel.
bool AnyOverlap(absl::Span<const Mask* const> masks);

// Copies `count` bits from bit `from` of `source` to bit `to` of `target`, whose bits there are zero.
// Touches no byte outside the two ranges.
void CopyBits(const uint8_t* source, uint64_t from, uint64_t count, uint8_t* target, uint64_t to);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SEG_SEG_FRAMES_H_
