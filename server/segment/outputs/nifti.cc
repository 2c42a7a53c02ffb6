// One NIfTI of labels, compressed; of a stack that leans, on request, on an upright grid with the image, too.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/base/status_macros.h"
#include "core/raw/nifti_write.h"
#include "core/volume/upright.h"
#include "server/segment/outputs/output_format.h"

namespace sgpsam {
namespace {

constexpr absl::string_view kMediaType = "application/gzip";

absl::Status CheckNifti(const SegmentRequest& request, const DecodedVolume& source,
                        uint64_t max_volume_bytes) {
  if (!request.upright) return absl::OkStatus();
  ASSIGN_OR_RETURN(const UprightGrid grid, MakeUpright(source.volume.geometry()));
  return CheckUprightBytes(source.volume, grid, max_volume_bytes);
}

std::vector<const Mask*> PointersTo(absl::Span<const Mask> masks) {
  std::vector<const Mask*> pointers;
  for (const Mask& mask : masks) pointers.push_back(&mask);
  return pointers;
}

absl::Status WriteUpright(const OutputContext& context, absl::Span<const Finding> findings,
                          std::vector<Output>& outputs) {
  const Volume& volume = context.source.volume;
  ASSIGN_OR_RETURN(const UprightGrid grid, MakeUpright(volume.geometry()));
  ASSIGN_OR_RETURN(const Volume image, OnUprightGrid(volume, grid, context.max_volume_bytes));
  std::vector<Mask> moved;
  for (const Finding& finding : findings) moved.push_back(OnUprightGrid(finding.found.mask, grid));
  ASSIGN_OR_RETURN(std::string labels, WriteNiftiLabels(grid.geometry, PointersTo(moved)));
  outputs.push_back({OutputKind::kMask, 0, kMediaType, std::move(labels)});
  ASSIGN_OR_RETURN(std::string nifti, WriteNiftiGz(image));
  outputs.push_back({OutputKind::kUprightImage, 0, kMediaType, std::move(nifti)});
  return absl::OkStatus();
}

absl::Status WriteNiftiOutput(const OutputContext& context, absl::Span<Finding> findings,
                              std::vector<Output>& outputs) {
  if (context.request.upright) return WriteUpright(context, findings, outputs);
  std::vector<const Mask*> masks;
  for (const Finding& finding : findings) masks.push_back(&finding.found.mask);
  ASSIGN_OR_RETURN(std::string nifti, WriteNiftiLabels(context.source.volume.geometry(), masks));
  outputs.push_back({OutputKind::kMask, 0, kMediaType, std::move(nifti)});
  return absl::OkStatus();
}

}  // namespace

const OutputFormat kNiftiOutput{"NIFTI", false, true, CheckNifti, WriteNiftiOutput};

}  // namespace sgpsam
