// Through which places the picture of a preview cuts, and at which scale. Plain values and pure functions.
#ifndef SGPSAM_CLIENT_CLI_PREVIEW_PLANES_H_
#define SGPSAM_CLIENT_CLI_PREVIEW_PLANES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "client/cli/preview/scene.h"
#include "client/picture/picture.h"
#include "core/volume/geometry.h"

namespace sgpsam::cli {

using Axes = std::array<double, 3>;  // x y z, LPS mm

inline Axes ToAxes(const WorldPoint& p) { return {p.x, p.y, p.z}; }

// As a radiologist looks at it: which patient axis runs along the picture's rows and columns, which one
// stands on it, and the letters of its borders.
struct Plane {
  const char* name;
  size_t across, down, through;
  double down_sign;  // -1: the patient's axis grows upwards in the picture
  const char *left, *right, *top, *bottom;
};

inline constexpr std::array<Plane, 3> kPlanes{{{"Axial", 0, 1, 2, +1, "R", "L", "A", "P"},
                                               {"Coronal", 0, 2, 1, -1, "R", "L", "H", "F"},
                                               {"Sagittal", 1, 2, 0, -1, "A", "P", "H", "F"}}};

// A square part of a plane, `pixels` wide.
struct View {
  Axes middle{};  // of the square
  double mm_per_pixel = 1;
  int pixels = 1;

  WorldPoint At(const Plane& plane, double x, double y) const;
  Picture::Point PixelOf(const Plane& plane, const WorldPoint& point) const;
};

// The slice of the volume in which a plane lies, if it lies in one.
struct SliceNumber {
  int64_t number = 1, of = 1;  // from 1
};

struct Views {
  std::array<View, 3> of_plane;  // as kPlanes, all at one scale
  std::array<std::optional<SliceNumber>, 3> slice;
};

// Around the segments and clicks with some context, but not beyond the volume; the planes go through the
// first click inside, else through a voxel of a segment near their centre of mass, else through the volume's
// middle: always through the middle of a voxel.
Views ChooseViews(const Scene& scene, int pixels);

// True if the click lies within half a voxel of the plane.
bool LiesIn(const Plane& plane, const View& view, const WorldPoint& point, const Geometry& geometry);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_PREVIEW_PLANES_H_
