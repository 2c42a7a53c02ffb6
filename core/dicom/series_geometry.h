// The slices' places in the patient -> their order and the volume's Geometry. Positions decide alone:
// InstanceNumber, SliceThickness, SpacingBetweenSlices and the order of the files do not. Pure function.
#ifndef SGPSAM_CORE_DICOM_SERIES_GEOMETRY_H_
#define SGPSAM_CORE_DICOM_SERIES_GEOMETRY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/dicom/slice_header.h"
#include "core/volume/geometry.h"

namespace sgpsam {

struct SeriesGeometry {
  std::vector<size_t> order;  // order[k] is the index of slice k in what was given
  Geometry geometry;
  std::vector<std::string> warnings;
};

// Slices are sorted along row x column of the first one. A stack that leans (gantry tilt) gives steps that
// are not at right angles. FAILED_PRECONDITION, naming file numbers: two orientations, another pixel
// spacing, two slices at one position, a missing slice, slices that are not evenly spaced (tolerance: 1% of
// the spacing, at least 0.01 mm) or not in line; INVALID_ARGUMENT: a direction that is none.
absl::StatusOr<SeriesGeometry> PlaceSlices(absl::Span<const SlicePlane> planes, int rows, int columns);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SERIES_GEOMETRY_H_
