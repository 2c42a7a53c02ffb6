#include "core/pipeline/segment_pipeline.h"

#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/dicom/series_reader.h"
#include "core/pipeline/content_keys.h"
#include "core/pipeline/mask_prompt.h"
#include "core/raw/nifti.h"
#include "core/transform/placement.h"
#include "core/transform/restore.h"

namespace sgpsam {
namespace {

MaskFormat FormatOf(const PipelineRequest& request) {
  if (request.format) return *request.format;
  return request.kind == VolumeKind::kDicom ? MaskFormat::kDicomSeg : MaskFormat::kNifti;
}

// Refuses before the model runs what could not be written after it.
absl::Status CheckWritable(const PipelineRequest& request, const Study& study) {
  if (FormatOf(request) != MaskFormat::kDicomSeg) return absl::OkStatus();
  if (!study.series) {
    return absl::InvalidArgumentError("DICOM-SEG needs a DICOM series as input; ask for MASK_FORMAT_NIFTI");
  }
  if (study.series->seg_obstacles.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "no DICOM-SEG can refer to this series: ", absl::StrJoin(study.series->seg_obstacles, "; "),
      "; ask for MASK_FORMAT_NIFTI"));
}

absl::StatusOr<Study> DecodePayload(PipelineRequest& request, uint64_t max_volume_bytes,
                                    const CallContext& call) {
  Study study;
  if (request.kind == VolumeKind::kDicom) {
    SeriesLimits limits;
    limits.max_volume_bytes = max_volume_bytes;
    ASSIGN_OR_RETURN(DicomStudy dicom, ReadSeries(std::move(request.payload), limits, call));
    study.volume = std::move(dicom.volume);
    study.series = std::move(dicom.info);
    study.warnings = std::move(dicom.warnings);
  } else if (request.kind == VolumeKind::kNifti) {
    ASSIGN_OR_RETURN(study.volume, ReadNifti(std::move(request.payload.at(0)), {max_volume_bytes}));
  } else {
    ASSIGN_OR_RETURN(study.volume, ReadRaw(request.raw, std::move(request.payload.at(0))));
  }
  return study;
}

size_t SizeOf(const Embedding& embedding) {
  return (embedding.values.size() + embedding.gate_scores.size()) * sizeof(float);
}

std::string BytesOf(absl::Span<const float> values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

}  // namespace

class SegmentPipeline::Journey {
 public:
  Journey(SegmentPipeline& pipeline, const CallContext& call, const ProgressSink& progress, size_t targets)
      : call(call), pipeline_(pipeline), progress_(progress), targets_(targets) {}

  // Runs one step of a stage unless nobody waits for it any more.
  template <typename Step>
  std::invoke_result_t<Step> Do(Stage stage, Step&& step) {
    const absl::Time start = pipeline_.clock_.Now();
    RETURN_IF_ERROR(call.Check(start));
    Announce(stage);
    auto result = std::forward<Step>(step)();
    Took(stage, pipeline_.clock_.Now() - start);
    return result;
  }

  void Took(Stage stage, absl::Duration duration) {
    pipeline_.metrics_.ObserveStage(stage, duration);
    pipeline_.estimates_.Observe(stage, duration);
    times[static_cast<size_t>(stage)] += duration;
  }

  void Announce(Stage stage, size_t queue_position = 0) const {
    if (!progress_) return;
    progress_({stage, target, queue_position, pipeline_.estimates_.Remaining(stage, targets_ - target)});
  }

  // The next to run already counts as running: the pool tells no more until the result is there.
  QueueObserver WaitingFor(Stage stage) const {
    return [this, stage](size_t position) { Announce(position == 0 ? stage : Stage::kQueue, position); };
  }

  const CallContext& call;
  size_t target = 0;
  Digest study_key;
  std::array<absl::Duration, kStages> times{};

 private:
  SegmentPipeline& pipeline_;
  const ProgressSink& progress_;
  const size_t targets_;
};

struct SegmentPipeline::Segmented {
  TargetResult result;
  Placement placement;
  std::string prompts;
  MaskLogits logits;
  Mask mask;
};

SegmentPipeline::SegmentPipeline(const PipelineOptions& options, WorkerPool& pool, Clock& clock,
                                 Metrics& metrics)
    : options_(options),
      pool_(pool),
      clock_(clock),
      metrics_(metrics),
      studies_(options.volume_cache_bytes, metrics.volume_cache),
      embeddings_(options.embedding_cache_bytes, metrics.embedding_cache),
      logits_(options.logits_cache_bytes, metrics.logits_cache) {}

std::shared_ptr<const Study> SegmentPipeline::FindStudy(VolumeKind kind, const RawDescription& raw,
                                                        const Digest& digest) {
  return studies_.Get(StudyKey(kind, raw, digest));
}

std::shared_ptr<const std::vector<float>> SegmentPipeline::FindLogits(const Digest& digest) {
  return logits_.Get(digest);
}

absl::StatusOr<PipelineResult> SegmentPipeline::Run(PipelineRequest request, const CallContext& call,
                                                    const ProgressSink& progress) {
  Journey journey(*this, call, progress, request.targets.size());
  journey.study_key = StudyKey(request.kind, request.raw, request.digest);
  ASSIGN_OR_RETURN(const std::shared_ptr<const Study> study, Decode(request, journey));
  RETURN_IF_ERROR(CheckWritable(request, *study));

  std::vector<Segmented> segmented;
  for (journey.target = 0; journey.target < request.targets.size(); ++journey.target) {
    ASSIGN_OR_RETURN(Segmented target, SegmentTarget(request, *study, journey.target, journey));
    segmented.push_back(std::move(target));
  }
  journey.target = request.targets.size() - 1;

  PipelineResult result;
  result.warnings = study->warnings;
  result.geometry = study->volume.geometry();
  RETURN_IF_ERROR(journey.Do(
      Stage::kWrite, [&] { return Write(request, *study, absl::MakeSpan(segmented), journey, result); }));
  for (Segmented& target : segmented) result.targets.push_back(std::move(target.result));
  result.stage_times = journey.times;
  return result;
}

absl::StatusOr<std::shared_ptr<const Study>> SegmentPipeline::Decode(PipelineRequest& request,
                                                                     Journey& journey) {
  if (request.study != nullptr) return std::move(request.study);
  ASSIGN_OR_RETURN(Study decoded, journey.Do(Stage::kDecode, [&] {
    return DecodePayload(request, options_.max_volume_bytes, journey.call);
  }));
  auto study = std::make_shared<const Study>(std::move(decoded));
  studies_.Put(journey.study_key, study, study->volume.samples().capacity());
  return study;
}

absl::StatusOr<SegmentPipeline::Segmented> SegmentPipeline::SegmentTarget(const PipelineRequest& request,
                                                                          const Study& study, size_t index,
                                                                          Journey& journey) {
  const TargetRequest& target = request.targets[index];
  const Geometry& geometry = study.volume.geometry();
  const PatchSizes& sizes = pool_.info().sizes;

  Segmented segmented;
  DecodeInput input;
  RETURN_IF_ERROR(journey.Do(Stage::kPrepare, [&]() -> absl::Status {
    Prompts prompts = target.prompts;
    if (!target.mask_zlib_bits.empty()) {
      ASSIGN_OR_RETURN(prompts.mask, InflateMask(geometry.shape(), target.mask_zlib_bits));
    }
    segmented.prompts = DescribePrompts(prompts);
    ASSIGN_OR_RETURN(segmented.placement, PlacePatch(geometry, prompts, sizes.patch));
    ASSIGN_OR_RETURN(PreparedPrompts prepared, PreparePrompts(geometry, segmented.placement, prompts, sizes));
    input.clicks = std::move(prepared.clicks);
    input.mask_logits = std::move(prepared.mask_logits);
    return absl::OkStatus();
  }));

  TargetResult& result = segmented.result;
  ASSIGN_OR_RETURN(input.embedding,
                   Embed(request, study, segmented.placement, result.embedding_cached, journey));
  result.gate_scores = input.embedding->gate_scores;

  ASSIGN_OR_RETURN(auto decoded,
                   pool_.Decode(std::move(input), journey.call, journey.WaitingFor(Stage::kPromptMask)));
  journey.Took(Stage::kQueue, decoded.queued);
  journey.Took(Stage::kPromptMask, decoded.ran);
  segmented.logits = std::move(decoded.output);

  RETURN_IF_ERROR(journey.Do(Stage::kRestore, [&]() -> absl::Status {
    RestoredMask restored = RestoreMask(OnePatch(segmented.logits.values, sizes, segmented.placement), geometry);
    segmented.mask = std::move(restored.mask);
    result.touches_patch_border = restored.touches_patch_border;
    result.voxels = segmented.mask.CountVoxels();
    result.volume_ml = static_cast<double>(result.voxels) * geometry.voxel_ml();
    result.iou_prediction = segmented.logits.iou_prediction;
    result.logits_digest = LogitsKey(segmented.logits.values);
    logits_.Put(result.logits_digest, std::make_shared<const std::vector<float>>(segmented.logits.values),
                segmented.logits.values.size() * sizeof(float));
    return absl::OkStatus();
  }));
  return segmented;
}

absl::StatusOr<std::shared_ptr<const Embedding>> SegmentPipeline::Embed(const PipelineRequest& request,
                                                                        const Study& study,
                                                                        const Placement& placement,
                                                                        bool& cached, Journey& journey) {
  const Digest key = EmbeddingKey(journey.study_key, placement, request.clamp, pool_.info().weights_digest);
  RETURN_IF_ERROR(encodes_.Acquire(key, journey.call, clock_));
  const absl::Cleanup release = [&] { encodes_.Release(key); };
  std::shared_ptr<const Embedding> embedding = embeddings_.Get(key);
  cached = embedding != nullptr;
  if (cached) return embedding;
  ASSIGN_OR_RETURN(embedding, Encode(request, study, placement, journey));
  embeddings_.Put(key, embedding, SizeOf(*embedding));
  return embedding;
}

absl::StatusOr<std::shared_ptr<const Embedding>> SegmentPipeline::Encode(const PipelineRequest& request,
                                                                         const Study& study,
                                                                         const Placement& placement,
                                                                         Journey& journey) {
  ASSIGN_OR_RETURN(Patch patch, journey.Do(Stage::kPrepare, [&] {
    return PreparePatch(study.volume, placement, request.clamp);
  }));
  ASSIGN_OR_RETURN(auto encoded,
                   pool_.Encode(std::move(patch), journey.call, journey.WaitingFor(Stage::kEncode)));
  journey.Took(Stage::kQueue, encoded.queued);
  journey.Took(Stage::kEncode, encoded.ran);
  return std::make_shared<const Embedding>(std::move(encoded.output));
}

absl::Status SegmentPipeline::Write(const PipelineRequest& request, const Study& study,
                                    absl::Span<Segmented> segmented, Journey& journey,
                                    PipelineResult& result) {
  std::vector<const Mask*> masks;
  for (const Segmented& target : segmented) masks.push_back(&target.mask);
  const Geometry& geometry = study.volume.geometry();
  switch (FormatOf(request)) {
    case MaskFormat::kDicomSeg: {
      ASSIGN_OR_RETURN(std::string seg, WriteSegObject(request, study, segmented));
      result.outputs.push_back({OutputKind::kMask, 0, std::move(seg)});
      break;
    }
    case MaskFormat::kNifti: {
      ASSIGN_OR_RETURN(std::string nifti, WriteNiftiLabels(geometry, masks));
      result.outputs.push_back({OutputKind::kMask, 0, std::move(nifti)});
      break;
    }
    case MaskFormat::kRawBits:
      for (size_t t = 0; t < segmented.size(); ++t) {
        result.outputs.push_back({OutputKind::kMask, t, std::move(segmented[t].mask)});
      }
      break;
  }
  for (size_t t = 0; request.probabilities && t < segmented.size(); ++t) {
    RETURN_IF_ERROR(journey.call.Check(clock_.Now()));
    ASSIGN_OR_RETURN(
        ByteBuffer probabilities,
        RestoreProbabilities(
            OnePatch(segmented[t].logits.values, pool_.info().sizes, segmented[t].placement), geometry));
    result.outputs.push_back({OutputKind::kProbabilities, t, std::move(probabilities)});
  }
  for (size_t t = 0; request.logits && t < segmented.size(); ++t) {
    result.outputs.push_back({OutputKind::kLogits, t, BytesOf(segmented[t].logits.values)});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> SegmentPipeline::WriteSegObject(const PipelineRequest& request,
                                                            const Study& study,
                                                            absl::Span<const Segmented> segmented) {
  const ModelInfo& model = pool_.info();
  const Digest study_key = StudyKey(request.kind, request.raw, request.digest);
  const std::string key = request.idempotency_key.empty()
                              ? std::string()
                              : ResultKey(request, study_key, model.weights_digest).ToHex();
  SegIdentity identity = MakeSegIdentity(key, segmented.size());
  identity.created = clock_.Now();
  identity.algorithm_name = model.name;
  identity.algorithm_version = model.version;
  identity.model_digest_hex = model.weights_digest.ToHex();
  identity.software_version = options_.software_version;

  std::vector<Segment> segments;
  for (size_t t = 0; t < segmented.size(); ++t) {
    Segment segment = request.targets[t].segment;
    segment.mask = &segmented[t].mask;
    segment.prompts = segmented[t].prompts;
    segments.push_back(std::move(segment));
  }
  return WriteSeg(*study.series, study.volume.geometry(), segments, identity);
}

}  // namespace sgpsam
