// The way of a request, from payload bytes to result bytes: decode, prepare, encode, prompt+mask,
// restore, write; the four in the middle once for each patch of a target (target_segmenter.h). Plain blocking
// code, called from the server's job threads; thread-safe. The only file that names every step. Knows nothing
// of gRPC.
#ifndef SGPSAM_SERVER_SEGMENT_SEGMENT_PIPELINE_H_
#define SGPSAM_SERVER_SEGMENT_SEGMENT_PIPELINE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/call_context.h"
#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/batching/content_cache.h"
#include "core/batching/worker_pool.h"
#include "core/metrics/metrics.h"
#include "server/segment/segment_request.h"
#include "server/segment/single_flight.h"
#include "server/segment/stage_estimates.h"

namespace sgpsam {

struct PipelineOptions {
  size_t volume_cache_bytes = size_t{2} << 30;
  size_t embedding_cache_bytes = size_t{512} << 20;
  size_t logits_cache_bytes = size_t{64} << 20;
  uint64_t max_volume_bytes = uint64_t{8} << 30;  // of a payload, and of its decoded samples
  std::string software_version;
};

class SegmentPipeline {
 public:
  // `pool`, `clock` and `metrics` outlive the pipeline.
  SegmentPipeline(const PipelineOptions& options, WorkerPool& pool, Clock& clock, Metrics& metrics);

  // The volume with this key, if it is cached.
  std::shared_ptr<const Study> FindStudy(const PipelineRequest& request);
  // Logits that an earlier call returned, if they are cached.
  std::shared_ptr<const std::vector<float>> FindLogits(const Digest& digest);

  // INVALID_ARGUMENT or FAILED_PRECONDITION for what the caller can mend, CANCELLED or
  // DEADLINE_EXCEEDED if `call` ended, RESOURCE_EXHAUSTED or UNAVAILABLE if it may be tried again.
  absl::StatusOr<PipelineResult> Run(PipelineRequest request, const CallContext& call,
                                     const ProgressSink& progress);

 private:
  class Journey;      // one request on its way: who called, how far it is, what the stages took
  class CachedModel;  // what a target's patches are run on
  struct Segmented;   // one target's mask and what belongs to it

  absl::StatusOr<std::shared_ptr<const Study>> Decode(PipelineRequest& request, Journey& journey);
  absl::StatusOr<Segmented> SegmentOne(const PipelineRequest& request, const Study& study, Journey& journey);
  absl::StatusOr<EmbeddedPatch> Embed(const PipelineRequest& request, const Study& study,
                                      const Placement& placement, Journey& journey);
  absl::StatusOr<std::shared_ptr<const Embedding>> Encode(const PipelineRequest& request, const Study& study,
                                                          const Placement& placement, Journey& journey);
  absl::StatusOr<MaskLogits> PromptMask(DecodeInput input, Journey& journey);
  absl::Status Write(const PipelineRequest& request, const Study& study, absl::Span<Segmented> segmented,
                     Journey& journey, PipelineResult& result);
  absl::Status WriteUpright(const Volume& volume, absl::Span<const Mask* const> masks,
                            PipelineResult& result);
  absl::StatusOr<std::string> WriteSegObject(const PipelineRequest& request, const Study& study,
                                             absl::Span<const Segmented> segmented);

  const PipelineOptions options_;
  WorkerPool& pool_;
  Clock& clock_;
  Metrics& metrics_;
  ContentCache<Study> studies_;
  ContentCache<Embedding> embeddings_;
  ContentCache<std::vector<float>> logits_;
  SingleFlight encodes_;
  StageEstimates estimates_;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SEGMENT_SEGMENT_PIPELINE_H_
