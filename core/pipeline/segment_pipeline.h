// The way of a request, from payload bytes to result bytes: decode, prepare, encode, prompt+mask,
// restore, write. Plain blocking code, called from the server's job threads; thread-safe. The only
// file that names every step. Knows nothing of gRPC.
#ifndef SGPSAM_CORE_PIPELINE_SEGMENT_PIPELINE_H_
#define SGPSAM_CORE_PIPELINE_SEGMENT_PIPELINE_H_

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/byte_buffer.h"
#include "core/base/call_context.h"
#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/batching/content_cache.h"
#include "core/batching/worker_pool.h"
#include "core/dicom/seg_writer.h"
#include "core/dicom/series_reader.h"
#include "core/metrics/metrics.h"
#include "core/raw/raw_codec.h"
#include "core/transform/prepare.h"
#include "core/transform/prompts.h"

namespace sgpsam {

enum class VolumeKind { kDicom, kNifti, kRaw };

// A decoded volume, shared by requests and the cache.
struct Study {
  Volume volume;
  std::optional<SeriesInfo> series;        // DICOM only
  std::vector<std::string> warnings;
};

struct TargetRequest {
  Prompts prompts;
  std::optional<Digest> previous_logits_digest;   // resolved by the server before Run; see FindLogits
  Segment segment;                                // label, codes, colour; mask and prompts are filled in
};

enum class MaskFormat { kDicomSeg, kNifti, kRawBits };

struct PipelineRequest {
  VolumeKind kind = VolumeKind::kDicom;
  RawDescription raw;                      // kRaw only
  Digest digest;                           // of the payload
  std::vector<ByteBuffer> payload;         // DICOM: one per file; else exactly one. Empty: `study` is set
  std::shared_ptr<const Study> study;      // from FindStudy
  std::vector<TargetRequest> targets;      // 1 to 16
  std::optional<MaskFormat> format;        // default: SEG for DICOM, NIfTI otherwise
  bool probabilities = false, logits = false;
  std::optional<IntensityClamp> clamp;
  std::string idempotency_key;
};

struct TargetResult {
  uint64_t voxels = 0;
  double volume_ml = 0;
  bool touches_patch_border = false;
  bool embedding_cached = false;
  std::vector<float> gate_scores;
  float iou_prediction = 0;
  Digest logits_digest;
};

enum class OutputKind { kMask, kProbabilities, kLogits };

struct PipelineOutput {
  OutputKind kind = OutputKind::kMask;
  size_t target = 0;
  std::string bytes;
};

struct PipelineResult {
  std::vector<TargetResult> targets;
  std::vector<PipelineOutput> outputs;
  std::array<absl::Duration, kStages> stage_times{};
  std::vector<std::string> warnings;
};

// Called at the start of each stage, from the calling thread or a worker's.
struct ProgressEvent {
  Stage stage = Stage::kDecode;
  size_t target = 0;
  size_t queue_position = 0;
  absl::Duration expected;                 // zero: not known yet
};
using ProgressSink = std::function<void(const ProgressEvent&)>;

struct PipelineOptions {
  size_t volume_cache_bytes = size_t{2} << 30;
  size_t embedding_cache_bytes = size_t{512} << 20;
  size_t logits_cache_bytes = size_t{64} << 20;
  uint64_t max_volume_bytes = uint64_t{8} << 30;
  std::string software_version;
};

class SegmentPipeline {
 public:
  // `pool`, `clock` and `metrics` outlive the pipeline.
  SegmentPipeline(const PipelineOptions& options, WorkerPool& pool, Clock& clock, Metrics& metrics);

  // The volume with this key, if it is cached.
  std::shared_ptr<const Study> FindStudy(VolumeKind kind, const RawDescription& raw, const Digest& digest);
  // Logits that an earlier call returned, if they are cached.
  std::shared_ptr<const std::vector<float>> FindLogits(const Digest& digest);

  absl::StatusOr<PipelineResult> Run(PipelineRequest request, const CallContext& call,
                                     const ProgressSink& progress);

 private:
  const PipelineOptions options_;
  WorkerPool& pool_;
  Clock& clock_;
  Metrics& metrics_;
  ContentCache<Study> studies_;
  ContentCache<Embedding> embeddings_;
  ContentCache<std::vector<float>> logits_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_PIPELINE_SEGMENT_PIPELINE_H_
