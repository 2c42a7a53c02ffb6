// What a preview shows: an image volume and the segments drawn over it, each mask with the geometry of
// its own grid, so that a NIfTI mask need not share the image's voxels.
#ifndef SGPSAM_CLIENT_CLI_PREVIEW_SCENE_H_
#define SGPSAM_CLIENT_CLI_PREVIEW_SCENE_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/volume/geometry.h"
#include "core/volume/mask.h"
#include "core/volume/volume.h"

namespace sgpsam::cli {

struct DrawnSegment {
  Geometry geometry;
  Mask mask;
  std::array<uint8_t, 3> rgb;
};

struct Scene {
  Volume volume;
  std::string modality;  // "CT", "MR", "PT"; empty: unknown (NIfTI)
  std::vector<DrawnSegment> segments;
};

// `source`: a DICOM folder or file, or NIfTI. `segmentation`: .dcm (its source must be the DICOM series)
// or NIfTI labels, 1 to 255. INVALID_ARGUMENT, FAILED_PRECONDITION or NOT_FOUND say what is wrong.
absl::StatusOr<Scene> LoadScene(const std::string& source, const std::string& segmentation);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_PREVIEW_SCENE_H_
