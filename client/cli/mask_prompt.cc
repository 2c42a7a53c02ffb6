#include "client/cli/mask_prompt.h"

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/preview/scene.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"

namespace sgpsam::cli {
namespace {

absl::Status CheckSegment(const Scene& scene, int number) {
  const auto is_it = [&](const DrawnSegment& segment) { return segment.number == number; };
  if (std::any_of(scene.segments.begin(), scene.segments.end(), is_it)) return absl::OkStatus();
  const auto name = [](std::string* out, const DrawnSegment& segment) {
    absl::StrAppend(out, segment.number);
  };
  return absl::FailedPreconditionError(
      absl::StrCat("it has no segment ", number, ", only: ", absl::StrJoin(scene.segments, ", ", name)));
}

}  // namespace

absl::StatusOr<client::MaskPrompt> ReadMaskPrompt(const client::Volume& source, const MaskChoice& mask,
                                                  std::vector<std::string>& warnings) {
  ASSIGN_OR_RETURN(const Scene scene, LoadScene(source, mask.file));
  if (mask.segment) RETURN_IF_ERROR(WithPath(CheckSegment(scene, *mask.segment), mask.file));
  for (const std::string& warning : scene.warnings)
    warnings.push_back(absl::StrCat(mask.file, ": ", warning));
  if (!mask.segment && scene.segments.size() > 1) {
    warnings.push_back(absl::StrCat(mask.file, ": its ", scene.segments.size(), " segments count together"));
  }
  const Shape& shape = scene.volume.geometry().shape();
  client::MaskPrompt prompt;
  prompt.shape = {static_cast<uint32_t>(shape.i), static_cast<uint32_t>(shape.j),
                  static_cast<uint32_t>(shape.k)};
  prompt.bits.resize(Mask(shape).bits().size());
  for (const DrawnSegment& segment : scene.segments) {
    if (mask.segment && segment.number != *mask.segment) continue;
    const std::vector<uint8_t>& more = segment.mask.bits();
    for (size_t n = 0; n < more.size(); ++n) prompt.bits[n] = static_cast<char>(prompt.bits[n] | more[n]);
  }
  return prompt;
}

}  // namespace sgpsam::cli
