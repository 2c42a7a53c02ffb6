// The slices' places in the patient -> their order and the volume's Geometry. Positions decide alone:
// InstanceNumber, SliceThickness, SpacingBetweenSlices and the order of the files do not. Pure function.
#ifndef SGPSAM_CORE_DICOM_SERIES_SERIES_GEOMETRY_H_
#define SGPSAM_CORE_DICOM_SERIES_SERIES_GEOMETRY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/dicom/series/slice_header.h"
#include "core/volume/geometry.h"

namespace sgpsam {

struct SeriesGeometry {
  std::vector<size_t> order;  // order[k] is the index of slice k in what was given
  Geometry geometry;
  std::vector<std::string> warnings;
};

// Slices are sorted along row x column and laid on the even grid that fits them best (least squares). What
// scanners and anonymisers round or jitter is accepted as long as no pixel of any slice, by its own position,
// orientation and spacing, lies a tenth of a voxel or more off that grid; from a hundredth on a warning gives
// the largest deviation. The grid is right-angled where that keeps within the tenth; else (gantry tilt) the
// step from slice to slice leans, and a warning says so. FAILED_PRECONDITION, naming file numbers: two
// orientations, two slices at one position, a missing slice, two spacings, slices that are further off;
// INVALID_ARGUMENT: a direction that is none.
absl::StatusOr<SeriesGeometry> PlaceSlices(absl::Span<const SlicePlane> planes, int rows, int columns);

// True if the slices' directions are more than a few degrees apart: two stacks, whatever their positions.
bool DifferentOrientations(const SlicePlane& a, const SlicePlane& b);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SERIES_SERIES_GEOMETRY_H_
