#include "server/segment/segment_pipeline.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/dicom/series/series_reader.h"
#include "core/looks/target_segmenter.h"
#include "core/raw/nifti.h"
#include "core/transform/prepare.h"
#include "core/transform/restore.h"
#include "core/volume/upright.h"
#include "server/segment/content_keys.h"
#include "server/segment/mask_prompt.h"

namespace sgpsam {
namespace {

// Refuses before the model runs what could not be written after it.
absl::Status CheckWritable(const PipelineRequest& request, const Study& study, uint64_t max_volume_bytes) {
  const MaskFormat format = EffectiveFormat(request);
  if (format == MaskFormat::kNifti && request.upright) {
    ASSIGN_OR_RETURN(const UprightGrid grid, MakeUpright(study.volume.geometry()));
    return CheckUprightBytes(study.volume, grid, max_volume_bytes);
  }
  if (format != MaskFormat::kDicomSeg) return absl::OkStatus();
  if (!study.series) {
    return absl::InvalidArgumentError(
        "DICOM-SEG needs a DICOM series as input; the mask can be had as NIfTI");
  }
  RETURN_IF_ERROR(CheckSegPossible(*study.series));
  return CheckSegSeriesFits(request.seg_series, *study.series);
}

// Which of several targets cannot be had.
absl::Status OfTarget(size_t target, size_t targets, const absl::Status& status) {
  if (targets == 1 || !absl::IsInvalidArgument(status)) return status;
  return absl::InvalidArgumentError(absl::StrCat("target ", target + 1, ": ", status.message()));
}

absl::StatusOr<Study> DecodePayload(PipelineRequest& request, uint64_t max_volume_bytes,
                                    const CallContext& call) {
  Study study;
  if (request.kind == VolumeKind::kDicom) {
    SeriesLimits limits;
    limits.max_volume_bytes = max_volume_bytes;
    ASSIGN_OR_RETURN(DicomStudy dicom, ReadSeries(std::move(request.payload), limits, call, request.series));
    study.volume = std::move(dicom.volume);
    study.series = std::move(dicom.info);
    study.warnings = std::move(dicom.warnings);
    study.passed_over = std::move(dicom.passed_over);
  } else if (request.kind == VolumeKind::kNifti) {
    ASSIGN_OR_RETURN(study.volume, ReadNifti(std::move(request.payload.at(0)), {max_volume_bytes}));
  } else {
    ASSIGN_OR_RETURN(study.volume, ReadRaw(request.raw, std::move(request.payload.at(0))));
  }
  return study;
}

// Samples, the page that they begin on, and generously what is known of the study and of each slice: a cache
// of volumes of a byte each would otherwise grow without an end.
size_t SizeOf(const Study& study) {
  constexpr size_t kStudyBytes = size_t{8} << 10, kSliceBytes = 512;
  const auto slices = study.series ? static_cast<size_t>(study.volume.geometry().shape().k) : 0;
  return study.volume.samples().capacity() + kStudyBytes + slices * kSliceBytes;
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
    times[static_cast<size_t>(stage)] += duration;
    if (stage == Stage::kDecode || stage == Stage::kWrite) {
      pipeline_.estimates_.Observe(stage, duration);
    } else {
      patch_times_[static_cast<size_t>(stage)] += duration;
    }
  }

  void BeginPatch(int patch, int most) {
    EndPatch();
    patch_ = patch;
    most_patches_ = most;
  }
  void FoundEmbedding(bool cached) { cached_ = cached; }
  // Of one target.
  void EndPatches() {
    EndPatch();
    pipeline_.estimates_.ObservePatches(std::max(patch_, 1));
    patch_ = 0;
    cached_ = false;
  }

  void Announce(Stage stage) const { Announce(stage, stage, 0); }

  // The next to run already counts as running: the pool tells no more until the result is there.
  QueueObserver WaitingFor(Stage stage) const {
    return
        [this, stage](size_t position) { Announce(position == 0 ? stage : Stage::kQueue, stage, position); };
  }

  const CallContext& call;
  size_t target = 0;
  Digest study_key;
  std::array<absl::Duration, kStages> times{};

 private:
  // `next`: the stage that begins, or that is waited for.
  void Announce(Stage stage, Stage next, size_t ahead) const {
    if (!progress_) return;
    const Standing at{
        next, patch_, most_patches_, targets_ - target, cached_, ahead, pipeline_.pool_.devices().size()};
    progress_(
        {stage, target, patch_, patch_ == 0 ? 0 : most_patches_, ahead, pipeline_.estimates_.Remaining(at)});
  }

  void EndPatch() {
    for (int s = 0; s < kStages; ++s) {
      absl::Duration& took = patch_times_[static_cast<size_t>(s)];
      if (took > absl::ZeroDuration()) pipeline_.estimates_.Observe(static_cast<Stage>(s), took);
      took = absl::ZeroDuration();
    }
  }

  SegmentPipeline& pipeline_;
  const ProgressSink& progress_;
  const size_t targets_;
  int patch_ = 0;  // of the target, from 1; 0: between targets
  int most_patches_ = kDefaultMaxPatches;
  bool cached_ = false;  // the target's last patch was
  std::array<absl::Duration, kStages> patch_times_{};
};

struct SegmentPipeline::Segmented {
  TargetResult result;
  std::string prompts;
  TargetSegmentation found;
};

// The patches of one request's volume, from the cache or from the pool.
class SegmentPipeline::CachedModel final : public PatchModel {
 public:
  CachedModel(SegmentPipeline& pipeline, const PipelineRequest& request, const Study& study, Journey& journey)
      : pipeline_(pipeline), request_(request), study_(study), journey_(journey) {}

  const ModelInfo& info() const override { return pipeline_.pool_.info(); }
  absl::StatusOr<EmbeddedPatch> Embed(const Placement& placement) override {
    return pipeline_.Embed(request_, study_, placement, journey_);
  }
  absl::StatusOr<MaskLogits> Decode(DecodeInput input) override {
    return pipeline_.PromptMask(std::move(input), journey_);
  }
  void BeginPatch(int patch, int most) override { journey_.BeginPatch(patch, most); }
  absl::Status Compute(Stage stage, absl::FunctionRef<absl::Status()> step) override {
    return journey_.Do(stage, step);
  }

 private:
  SegmentPipeline& pipeline_;
  const PipelineRequest& request_;
  const Study& study_;
  Journey& journey_;
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

std::shared_ptr<const Study> SegmentPipeline::FindStudy(const PipelineRequest& request) {
  return studies_.Get(StudyKey(request));
}

std::shared_ptr<const std::vector<float>> SegmentPipeline::FindLogits(const Digest& digest) {
  return logits_.Get(digest);
}

absl::StatusOr<PipelineResult> SegmentPipeline::Run(PipelineRequest request, const CallContext& call,
                                                    const ProgressSink& progress) {
  Journey journey(*this, call, progress, request.targets.size());
  journey.study_key = StudyKey(request);
  ASSIGN_OR_RETURN(const std::shared_ptr<const Study> study, Decode(request, journey));
  RETURN_IF_ERROR(CheckWritable(request, *study, options_.max_volume_bytes));

  std::vector<Segmented> segmented;
  for (journey.target = 0; journey.target < request.targets.size(); ++journey.target) {
    absl::StatusOr<Segmented> target = SegmentOne(request, *study, journey);
    if (!target.ok()) return OfTarget(journey.target, request.targets.size(), target.status());
    segmented.push_back(*std::move(target));
  }
  journey.target = request.targets.size() - 1;

  PipelineResult result;
  result.warnings = study->warnings;
  result.passed_over = study->passed_over;
  result.geometry = study->volume.geometry();
  RETURN_IF_ERROR(journey.Do(
      Stage::kWrite, [&] { return Write(request, *study, absl::MakeSpan(segmented), journey, result); }));
  for (size_t t = 0; t < segmented.size(); ++t) {
    result.targets.push_back(std::move(segmented[t].result));
    for (const std::string& warning : segmented[t].found.warnings) {
      result.warnings.push_back(absl::StrCat("target ", t + 1, ": ", warning));
    }
  }
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
  studies_.Put(journey.study_key, study, SizeOf(*study));
  return study;
}

absl::StatusOr<SegmentPipeline::Segmented> SegmentPipeline::SegmentOne(const PipelineRequest& request,
                                                                       const Study& study, Journey& journey) {
  const TargetRequest& target = request.targets[journey.target];
  const Geometry& geometry = study.volume.geometry();
  Prompts prompts = target.prompts;
  if (target.mask) {
    ASSIGN_OR_RETURN(prompts.mask, journey.Do(Stage::kPrepare,
                                              [&] { return InflateMask(geometry.shape(), *target.mask); }));
  }
  Segmented segmented;
  segmented.prompts = DescribePrompts(prompts);
  CachedModel model(*this, request, study, journey);
  ASSIGN_OR_RETURN(segmented.found, SegmentTarget(geometry, prompts, request.inference, model));
  journey.EndPatches();

  const TargetSegmentation& found = segmented.found;
  TargetResult& result = segmented.result;
  result.voxels = found.mask.CountVoxels();
  result.volume_ml = static_cast<double>(result.voxels) * geometry.voxel_ml();
  result.touches_patch_border = found.touches_patch_border;
  result.embedding_cached = found.embedding_cached;
  result.patches = found.patches;
  result.spacing_mm = found.spacing_mm;
  result.first_patch = found.first_patch;
  result.gate_scores = found.gate_scores;
  result.iou_prediction = found.first.iou_prediction;
  result.logits_digest = LogitsKey(found.first.values);
  logits_.Put(result.logits_digest, std::make_shared<const std::vector<float>>(found.first.values),
              found.first.values.size() * sizeof(float));
  return segmented;
}

absl::StatusOr<EmbeddedPatch> SegmentPipeline::Embed(const PipelineRequest& request, const Study& study,
                                                     const Placement& placement, Journey& journey) {
  const Digest key = EmbeddingKey(journey.study_key, placement, request.clamp, pool_.info().weights_digest);
  RETURN_IF_ERROR(encodes_.Acquire(key, journey.call, clock_));
  const absl::Cleanup release = [&] { encodes_.Release(key); };
  std::shared_ptr<const Embedding> embedding = embeddings_.Get(key);
  journey.FoundEmbedding(embedding != nullptr);
  if (embedding != nullptr) return EmbeddedPatch{std::move(embedding), true};
  ASSIGN_OR_RETURN(embedding, Encode(request, study, placement, journey));
  embeddings_.Put(key, embedding, SizeOf(*embedding));
  return EmbeddedPatch{std::move(embedding), false};
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

absl::StatusOr<MaskLogits> SegmentPipeline::PromptMask(DecodeInput input, Journey& journey) {
  ASSIGN_OR_RETURN(auto decoded,
                   pool_.Decode(std::move(input), journey.call, journey.WaitingFor(Stage::kPromptMask)));
  journey.Took(Stage::kQueue, decoded.queued);
  journey.Took(Stage::kPromptMask, decoded.ran);
  return std::move(decoded.output);
}

absl::Status SegmentPipeline::Write(const PipelineRequest& request, const Study& study,
                                    absl::Span<Segmented> segmented, Journey& journey,
                                    PipelineResult& result) {
  std::vector<const Mask*> masks;
  for (const Segmented& target : segmented) masks.push_back(&target.found.mask);
  const Geometry& geometry = study.volume.geometry();
  switch (EffectiveFormat(request)) {
    case MaskFormat::kDicomSeg: {
      ASSIGN_OR_RETURN(std::string seg, WriteSegObject(request, study, segmented));
      result.outputs.push_back({OutputKind::kMask, 0, std::move(seg)});
      break;
    }
    case MaskFormat::kNifti: {
      if (request.upright) {
        RETURN_IF_ERROR(WriteUpright(study.volume, masks, result));
        break;
      }
      ASSIGN_OR_RETURN(std::string nifti, WriteNiftiLabels(geometry, masks));
      result.outputs.push_back({OutputKind::kMask, 0, std::move(nifti)});
      break;
    }
    case MaskFormat::kRawBits:
      for (size_t t = 0; t < segmented.size(); ++t) {
        result.outputs.push_back({OutputKind::kMask, t, std::move(segmented[t].found.mask)});
      }
      break;
  }
  for (size_t t = 0; request.probabilities && t < segmented.size(); ++t) {
    RETURN_IF_ERROR(journey.call.Check(clock_.Now()));
    ASSIGN_OR_RETURN(ByteBuffer probabilities, RestoreProbabilities(segmented[t].found.logits, geometry));
    result.outputs.push_back({OutputKind::kProbabilities, t, std::move(probabilities)});
  }
  for (size_t t = 0; request.logits && t < segmented.size(); ++t) {
    result.outputs.push_back({OutputKind::kLogits, t, BytesOf(segmented[t].found.first.values)});
  }
  return absl::OkStatus();
}

absl::Status SegmentPipeline::WriteUpright(const Volume& volume, absl::Span<const Mask* const> masks,
                                           PipelineResult& result) {
  ASSIGN_OR_RETURN(const UprightGrid grid, MakeUpright(volume.geometry()));
  ASSIGN_OR_RETURN(const Volume image, OnUprightGrid(volume, grid, options_.max_volume_bytes));
  std::vector<Mask> moved;
  std::vector<const Mask*> pointers;
  for (const Mask* mask : masks) moved.push_back(OnUprightGrid(*mask, grid));
  for (const Mask& mask : moved) pointers.push_back(&mask);
  ASSIGN_OR_RETURN(std::string labels, WriteNiftiLabels(grid.geometry, pointers));
  result.outputs.push_back({OutputKind::kMask, 0, std::move(labels)});
  ASSIGN_OR_RETURN(std::string nifti, WriteNiftiGz(image));
  result.outputs.push_back({OutputKind::kUprightImage, 0, std::move(nifti)});
  return absl::OkStatus();
}

absl::StatusOr<std::string> SegmentPipeline::WriteSegObject(const PipelineRequest& request,
                                                            const Study& study,
                                                            absl::Span<const Segmented> segmented) {
  const ModelInfo& model = pool_.info();
  const Digest study_key = StudyKey(request);
  const std::string key = request.idempotency_key.empty()
                              ? std::string()
                              : ResultKey(request, study_key, model.weights_digest).ToHex();
  SegIdentity identity = MakeSegIdentity(key, segmented.size(), request.seg_series);
  identity.created = clock_.Now();
  identity.algorithm_name = model.name;
  identity.algorithm_version = model.version;
  identity.model_digest_hex = model.weights_digest.ToHex();
  identity.software_version = options_.software_version;

  std::vector<Segment> segments;
  for (size_t t = 0; t < segmented.size(); ++t) {
    Segment segment = request.targets[t].segment;
    segment.mask = &segmented[t].found.mask;
    segment.prompts = segmented[t].prompts;
    segments.push_back(std::move(segment));
  }
  return WriteSeg(*study.series, study.volume.geometry(), segments, identity);
}

}  // namespace sgpsam
