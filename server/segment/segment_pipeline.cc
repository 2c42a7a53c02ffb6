#include "server/segment/segment_pipeline.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/transform/intensity_scaling.h"
#include "core/transform/prompt_refusals.h"
#include "server/segment/content_keys.h"
#include "server/segment/mask_prompt.h"
#include "server/segment/outputs/output_format.h"

namespace sgpsam {
namespace {

// Which of several targets cannot be had.
absl::Status OfTarget(size_t target, size_t targets, const absl::Status& status) {
  if (!absl::IsInvalidArgument(status)) return status;
  const absl::Status named = WithDetail(status, "target", absl::StrCat(target + 1));
  return targets == 1 ? named : Prefixed(named, absl::StrCat("target ", target + 1, ": "));
}

}  // namespace

SegmentPipeline::SegmentPipeline(const PipelineOptions& options, WorkerPool& pool, Clock& clock,
                                 Metrics& metrics)
    : options_(options),
      clock_(clock),
      metrics_(metrics),
      model_(pool, options.embedding_cache_bytes, clock, metrics),
      volumes_(options.volume_cache_bytes, metrics.volume_cache),
      logits_(options.logits_cache_bytes, metrics.logits_cache) {}

std::shared_ptr<const DecodedVolume> SegmentPipeline::FindVolume(const VolumeDescription& description,
                                                                 const Digest& payload) {
  return volumes_.Get(VolumeKey(description, payload));
}

std::shared_ptr<const std::vector<float>> SegmentPipeline::FindLogits(const Digest& digest) {
  return logits_.Get(digest);
}

absl::StatusOr<SegmentResult> SegmentPipeline::Run(const SegmentRequest& request, VolumeInput input,
                                                   const CallContext& call, const ProgressSink& sink) {
  const size_t targets = request.targets.size();
  RequestProgress progress({clock_, metrics_, estimates_, model_.replicas()}, call, sink, targets);
  const Digest key = VolumeKey(request.volume, input.digest);
  ASSIGN_OR_RETURN(const std::shared_ptr<const DecodedVolume> source,
                   Decode(request.volume, std::move(input), key, progress));
  const OutputFormat& format = FormatOf(request);
  if (format.check != nullptr) RETURN_IF_ERROR(format.check(request, *source, options_.max_volume_bytes));

  CachedPatchModel model(
      model_, key, source->volume,
      ChooseScaling(model_.info().intensities, source->modality, source->volume, request.clamp), progress);
  SegmentResult result;
  result.warnings = source->warnings;
  result.passed_over = source->passed_over;
  std::vector<Finding> findings;
  for (size_t t = 0; t < targets; ++t) {
    progress.BeginTarget(t);
    absl::StatusOr<Finding> finding = Find(request, request.targets[t], source->volume, model, progress);
    if (!finding.ok()) return OfTarget(t, targets, finding.status());
    result.targets.push_back(Summarise(*finding, source->volume.geometry()));
    for (const std::string& warning : finding->found.warnings) {
      result.warnings.push_back(absl::StrCat("target ", t + 1, ": ", warning));
    }
    findings.push_back(*std::move(finding));
  }
  RETURN_IF_ERROR(progress.Do(Stage::kWrite, [&] {
    return Write(request, *source, key, absl::MakeSpan(findings), progress, result.outputs);
  }));
  result.geometry = source->volume.geometry();
  result.stage_times = progress.times();
  return result;
}

absl::StatusOr<std::shared_ptr<const DecodedVolume>> SegmentPipeline::Decode(
    const VolumeDescription& description, VolumeInput input, const Digest& key, RequestProgress& progress) {
  if (auto* cached = std::get_if<std::shared_ptr<const DecodedVolume>>(&input.source))
    return std::move(*cached);
  Payload& payload = std::get<Payload>(input.source);
  ASSIGN_OR_RETURN(DecodedVolume decoded, progress.Do(Stage::kDecode, [&] {
    return DecodeVolume(description, std::move(payload), options_.max_volume_bytes, progress.call());
  }));
  auto volume = std::make_shared<const DecodedVolume>(std::move(decoded));
  volumes_.Put(key, volume, volume->cost());
  return volume;
}

absl::StatusOr<Finding> SegmentPipeline::Find(const SegmentRequest& request, const TargetRequest& target,
                                              const Volume& volume, PatchModel& model,
                                              RequestProgress& progress) {
  const Geometry& geometry = volume.geometry();
  Prompts prompts = target.prompts;
  if (target.mask) {
    ASSIGN_OR_RETURN(prompts.mask, progress.Do(Stage::kPrepare,
                                               [&] { return InflateMask(geometry.shape(), *target.mask); }));
  }
  uint64_t left = kMaxScribbleVoxels;
  for (size_t n = 0; n < target.scribbles.size(); ++n) {
    absl::StatusOr<ScribblePrompt> scribble = progress.Do(
        Stage::kPrepare, [&] { return InflateScribble(geometry.shape(), target.scribbles[n], left); });
    if (!scribble.ok()) return OfPrompt("scribble", scribble.status(), n);
    left -= CountVoxels(scribble->runs);
    prompts.scribbles.push_back(*std::move(scribble));
  }
  std::string stated = DescribePrompts(prompts);
  TargetOptions options = request.inference;
  options.average_looks = target.average_looks;
  ASSIGN_OR_RETURN(TargetSegmentation found, SegmentTarget(geometry, std::move(prompts), options, model));
  progress.EndPatches();
  return Finding{std::move(found), std::move(stated)};
}

TargetResult SegmentPipeline::Summarise(const Finding& finding, const Geometry& geometry) {
  const TargetSegmentation& found = finding.found;
  TargetResult result;
  result.voxels = found.mask.CountVoxels();
  result.volume_ml = static_cast<double>(result.voxels) * geometry.voxel_ml();
  result.touches_patch_border = found.touches_patch_border;
  result.embedding_cached = found.embedding_cached;
  result.patches = found.patches;
  result.spacing_mm = found.spacing_mm;
  result.first_patch = found.first_patch;
  result.gate_scores = found.gate_scores;
  result.iou_prediction = found.first.iou_prediction;
  result.confidence = found.confidence;
  result.prompt_uses = found.prompt_uses;
  result.dropped_components = found.dropped_components;
  result.enforced_prompts = found.enforced_prompts;
  result.logits_digest = LogitsKey(found.first.values);
  logits_.Put(result.logits_digest, std::make_shared<const std::vector<float>>(found.first.values),
              found.first.values.size() * sizeof(float));
  return result;
}

absl::Status SegmentPipeline::Write(const SegmentRequest& request, const DecodedVolume& source,
                                    const Digest& volume_key, absl::Span<Finding> findings,
                                    const RequestProgress& progress, std::vector<Output>& outputs) {
  const OutputContext context{request,
                              source,
                              volume_key,
                              model_.info(),
                              clock_.Now(),
                              options_.software_version,
                              options_.max_volume_bytes};
  RETURN_IF_ERROR(FormatOf(request).write(context, findings, outputs));
  for (size_t t = 0; request.probabilities && t < findings.size(); ++t) {
    RETURN_IF_ERROR(progress.Check());
    ASSIGN_OR_RETURN(Output map, ProbabilitiesOutput(findings[t], t, source.volume.geometry()));
    outputs.push_back(std::move(map));
  }
  for (size_t t = 0; request.uncertainty && t < findings.size(); ++t) {
    RETURN_IF_ERROR(progress.Check());
    ASSIGN_OR_RETURN(Output map, UncertaintyOutput(findings[t], t, source.volume.geometry()));
    outputs.push_back(std::move(map));
  }
  for (size_t t = 0; request.logits && t < findings.size(); ++t)
    outputs.push_back(LogitsOutput(findings[t], t));
  return absl::OkStatus();
}

}  // namespace sgpsam
