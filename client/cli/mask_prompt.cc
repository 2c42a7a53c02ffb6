#include "client/cli/mask_prompt.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/cli/preview/scene.h"
#include "core/base/status_macros.h"

namespace sgpsam::cli {

absl::StatusOr<client::MaskPrompt> ReadMaskPrompt(const std::string& source, const std::string& mask,
                                                  std::vector<std::string>& warnings) {
  absl::StatusOr<Scene> scene = LoadScene(source, mask);
  if (!scene.ok()) {
    return absl::Status(scene.status().code(), absl::StrCat(mask, ": ", scene.status().message()));
  }
  for (const std::string& warning : scene->warnings) warnings.push_back(absl::StrCat(mask, ": ", warning));
  if (scene->segments.size() > 1) {
    warnings.push_back(absl::StrCat(mask, ": its ", scene->segments.size(), " segments count together"));
  }
  const Shape& shape = scene->volume.geometry().shape();
  client::MaskPrompt prompt;
  prompt.shape = {static_cast<uint32_t>(shape.i), static_cast<uint32_t>(shape.j),
                  static_cast<uint32_t>(shape.k)};
  prompt.bits.resize(Mask(shape).bits().size());
  for (const DrawnSegment& segment : scene->segments) {
    const std::vector<uint8_t>& more = segment.mask.bits();
    for (size_t n = 0; n < more.size(); ++n) prompt.bits[n] = static_cast<char>(prompt.bits[n] | more[n]);
  }
  return prompt;
}

}  // namespace sgpsam::cli
