// A DICOM-SEG of all targets: one object, a segment each.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/dicom/seg/seg_writer.h"
#include "server/segment/content_keys.h"
#include "server/segment/outputs/output_format.h"

namespace sgpsam {
namespace {

absl::Status CheckSeg(const SegmentRequest& request, const DecodedVolume& source,
                      uint64_t /*max_volume_bytes*/) {
  if (!source.series) {
    return InvalidArgument(Reason::kSegNeedsDicom,
                           "DICOM-SEG needs a DICOM series as input; the mask can be had as NIfTI");
  }
  RETURN_IF_ERROR(CheckSegPossible(*source.series));
  return CheckSegSeriesFits(request.seg_series, *source.series);
}

SegIdentity IdentityOf(const OutputContext& context, size_t segments) {
  const SegmentRequest& request = context.request;
  const ModelInfo& model = context.model;
  const std::string key = request.idempotency_key.empty()
                              ? std::string()
                              : ResultKey(request, context.volume_key, model.weights_digest).ToHex();
  SegIdentity identity = MakeSegIdentity(key, segments, request.seg_series);
  identity.created = context.now;
  identity.algorithm_name = model.name;
  identity.algorithm_version = model.version;
  identity.model_digest_hex = model.weights_digest.ToHex();
  identity.software_version = std::string(context.software_version);
  return identity;
}

absl::Status WriteSegOutput(const OutputContext& context, absl::Span<Finding> findings,
                            std::vector<Output>& outputs) {
  std::vector<Segment> segments;
  for (size_t t = 0; t < findings.size(); ++t) {
    segments.push_back({context.request.targets[t].segment, &findings[t].found.mask, findings[t].prompts});
  }
  ASSIGN_OR_RETURN(std::string seg, WriteSeg(*context.source.series, context.source.volume.geometry(),
                                             segments, IdentityOf(context, findings.size())));
  outputs.push_back({OutputKind::kMask, 0, "application/dicom", std::move(seg)});
  return absl::OkStatus();
}

}  // namespace

const OutputFormat kDicomSegOutput{"DICOM_SEG", true, false, CheckSeg, WriteSegOutput};

}  // namespace sgpsam
