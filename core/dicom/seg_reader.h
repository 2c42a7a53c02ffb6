// DICOM-SEG BINARY, native -> masks with positions: what `sgpsam preview` shows and tests compare.
// Bytes are hostile; they pass the same prescan as a series' files. Reentrant.
#ifndef SGPSAM_CORE_DICOM_SEG_READER_H_
#define SGPSAM_CORE_DICOM_SEG_READER_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/dicom/series_info.h"
#include "core/volume/mask.h"

namespace sgpsam {

struct ReadSegment {
  int number = 0;
  std::string label;
  std::array<uint8_t, 3> rgb{{255, 64, 64}};
  Mask mask;  // on the grid of the source series
};

// Reads the segments back onto `source`'s slices by referenced SOP instance. INVALID_ARGUMENT if the
// object is not a BINARY SEG of these slices.
absl::StatusOr<std::vector<ReadSegment>> ReadSeg(absl::string_view bytes, const SeriesInfo& source,
                                                 const Shape& shape);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SEG_READER_H_
