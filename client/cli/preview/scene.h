// An image volume and segments on its voxels, whatever file they come from: what a preview shows, and what a
// mask prompt is taken from.
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
#include "sgpsam/volume.h"

namespace sgpsam::cli {

struct DrawnSegment {
  int number = 0;     // SegmentNumber, or the label's value
  std::string label;  // SegmentLabel; empty if the file has none
  std::array<uint8_t, 3> rgb{};
  Mask mask;  // on the volume's grid
};

struct DrawnClick {
  WorldPoint at;
  bool positive = true;  // inside the lesion
};

struct Scene {
  Volume volume;
  std::string modality;  // "CT", "MR", "PT"; empty: unknown (NIfTI)
  std::vector<DrawnSegment> segments;
  std::vector<std::string> warnings;  // what the segmentation's reader assumed
  std::vector<DrawnClick> clicks;
};

// `source`: a DICOM series or NIfTI. `segmentation`: DICOM-SEG or NIfTI labels, 1 to 255, on the
// volume's voxels in any order of their axes. FAILED_PRECONDITION for a segmentation on other voxels;
// INVALID_ARGUMENT, FAILED_PRECONDITION or NOT_FOUND say what else is wrong;
// the segmentation's path is in front of what is wrong with it.
absl::StatusOr<Scene> LoadScene(const client::Volume& source, const std::string& segmentation);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_PREVIEW_SCENE_H_
