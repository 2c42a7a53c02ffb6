// The way of a request, from payload bytes to result bytes: decode, prepare, encode, prompt+mask,
// restore, write; the four in the middle once for each patch of a target (core/looks/target_segmenter.h).
// Plain blocking code, called from the server's job threads; thread-safe. Those of a patch are in
// cached_patch_model.h, their order in core/looks/target_segmenter.h. Knows no protocol.
#ifndef SGPSAM_SERVER_SEGMENT_SEGMENT_PIPELINE_H_
#define SGPSAM_SERVER_SEGMENT_SEGMENT_PIPELINE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/call_context.h"
#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/batching/content_cache.h"
#include "core/batching/worker_pool.h"
#include "core/metrics/metrics.h"
#include "core/volume/volume.h"
#include "server/segment/cached_patch_model.h"
#include "server/segment/decoded_volume.h"
#include "server/segment/request_progress.h"
#include "server/segment/segment_request.h"
#include "server/segment/segment_result.h"
#include "server/segment/stage_estimates.h"

namespace sgpsam {

struct PipelineOptions {
  size_t volume_cache_bytes = size_t{2} << 30;
  size_t embedding_cache_bytes = size_t{512} << 20;
  size_t logits_cache_bytes = size_t{64} << 20;
  uint64_t max_volume_bytes = kMaxVolumeBytes;  // of a payload, and of its decoded samples
  std::string software_version;
};

class SegmentPipeline {
 public:
  // `pool`, `clock` and `metrics` outlive the pipeline.
  SegmentPipeline(const PipelineOptions& options, WorkerPool& pool, Clock& clock, Metrics& metrics);

  // The volume of this payload, read as described, if it is cached.
  std::shared_ptr<const DecodedVolume> FindVolume(const VolumeDescription& description,
                                                  const Digest& payload);
  // Logits that an earlier call returned, if they are cached.
  std::shared_ptr<const std::vector<float>> FindLogits(const Digest& digest);

  // INVALID_ARGUMENT or FAILED_PRECONDITION for what the caller can mend, CANCELLED or
  // DEADLINE_EXCEEDED if `call` ended, RESOURCE_EXHAUSTED or UNAVAILABLE if it may be tried again.
  absl::StatusOr<SegmentResult> Run(const SegmentRequest& request, VolumeInput input, const CallContext& call,
                                    const ProgressSink& progress);

 private:
  absl::StatusOr<std::shared_ptr<const DecodedVolume>> Decode(const VolumeDescription& description,
                                                              VolumeInput input, const Digest& key,
                                                              RequestProgress& progress);
  absl::StatusOr<Finding> Find(const SegmentRequest& request, const TargetRequest& target,
                               const Volume& volume, PatchModel& model, RequestProgress& progress);
  // Remembers the logits that a refinement goes on from.
  TargetResult Summarise(const Finding& finding, const Geometry& geometry);
  absl::Status Write(const SegmentRequest& request, const DecodedVolume& source, const Digest& volume_key,
                     absl::Span<Finding> findings, const RequestProgress& progress,
                     std::vector<Output>& outputs);

  const PipelineOptions options_;
  Clock& clock_;
  Metrics& metrics_;
  ServedModel model_;
  ContentCache<DecodedVolume> volumes_;
  ContentCache<std::vector<float>> logits_;
  StageEstimates estimates_;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SEGMENT_SEGMENT_PIPELINE_H_
