// The picture of a preview: axial, coronal and sagittal planes at one scale, as a radiologist looks at them
// (the patient's right on the picture's left, head up), each segment's outline as a smooth line in its
// colour, and clicks. Above each plane its slice, around it the patient's directions, below it a scale; below
// all of them the segments' names and volumes and the window. Nothing but outlines and clicks lies on the
// image. Pure functions.
#ifndef SGPSAM_CLIENT_CLI_PREVIEW_PANELS_H_
#define SGPSAM_CLIENT_CLI_PREVIEW_PANELS_H_

#include <string>

#include "client/cli/preview/scene.h"
#include "client/picture/picture.h"

namespace sgpsam::cli {

// Pixels along the side of a plane.
inline constexpr int kPanelPixels = 480;

// `fill`: how much of a segment's colour lies over the image inside its outline, 0 to 1.
Picture DrawPanels(const Scene& scene, double fill = 0);

// "Lesion, 16.1 ml"; a segment without a name is called by its number.
std::string DescribeSegment(const DrawnSegment& segment, const Geometry& geometry);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_PREVIEW_PANELS_H_
