#include "client/cli/mask_prompt.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/cli/preview/scene.h"
#include "core/base/status_macros.h"

namespace sgpsam::cli {

absl::StatusOr<std::string> ReadMaskPrompt(const std::string& source, const std::string& mask) {
  absl::StatusOr<Scene> scene = LoadScene(source, mask);
  if (!scene.ok()) {
    return absl::Status(scene.status().code(), absl::StrCat(mask, ": ", scene.status().message()));
  }
  std::string bits(Mask(scene->volume.geometry().shape()).bits().size(), '\0');
  for (const DrawnSegment& segment : scene->segments) {
    if (!SameGrid(segment.geometry, scene->volume.geometry())) {
      return absl::FailedPreconditionError(
          absl::StrCat(mask, ": its grid is not the volume's; resample it to the volume's voxels first"));
    }
    const std::vector<uint8_t>& more = segment.mask.bits();
    for (size_t n = 0; n < more.size(); ++n) bits[n] = static_cast<char>(bits[n] | more[n]);
  }
  return bits;
}

}  // namespace sgpsam::cli
