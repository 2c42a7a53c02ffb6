// The places that objects derived from a series name.
#ifndef SGPSAM_CORE_DICOM_SERIES_GEOMETRY_TEXT_H_
#define SGPSAM_CORE_DICOM_SERIES_GEOMETRY_TEXT_H_

#include "core/dicom/derived/series_info.h"
#include "core/volume/geometry.h"

namespace sgpsam {

// Orientation, spacing and positions of `info` say what `geometry` says: the sources' own texts stay where
// they do (directions to 1e-6, spacings to 1e-6 of them, positions to 0.001 mm), others are written anew.
// `geometry` has as many slices as `info` has instances, and rows and columns at right angles.
void SayGeometry(const Geometry& geometry, SeriesInfo& info);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SERIES_GEOMETRY_TEXT_H_
