#include "server/segment/outputs/output_format.h"

namespace sgpsam {

absl::Span<const OutputFormat* const> OutputFormats() {
  static constexpr const OutputFormat* kFormats[] = {&kDicomSegOutput, &kNiftiOutput, &kRawBitsOutput};
  return kFormats;
}

const OutputFormat* FindOutputFormat(absl::string_view name) {
  for (const OutputFormat* format : OutputFormats()) {
    if (format->name == name) return format;
  }
  return nullptr;
}

const OutputFormat& FormatOf(const SegmentRequest& request) {
  if (request.format != nullptr) return *request.format;
  const bool series = request.volume.kind == VolumeKind::kDicom && !request.upright;
  return series ? kDicomSegOutput : kNiftiOutput;
}

}  // namespace sgpsam
