#include "server/doors/grpc/convert.h"

#include <cstdint>

#include "absl/time/time.h"

namespace sgpsam {
namespace {

v1::Stage ToProto(Stage stage) {
  return static_cast<v1::Stage>(static_cast<int>(stage) + 1);  // as core/base/stage.h promises
}
static_assert(static_cast<int>(Stage::kReceive) + 1 == v1::STAGE_RECEIVE);
static_assert(static_cast<int>(Stage::kPromptMask) + 1 == v1::STAGE_PROMPT_MASK);
static_assert(static_cast<int>(Stage::kSend) + 1 == v1::STAGE_SEND);

v1::OutputKind ToProto(OutputKind kind) {
  switch (kind) {
    case OutputKind::kMask: return v1::OUTPUT_KIND_MASK;
    case OutputKind::kProbabilities: return v1::OUTPUT_KIND_PROBABILITIES;
    case OutputKind::kLogits: return v1::OUTPUT_KIND_LOGITS;
    case OutputKind::kUncertainty: return v1::OUTPUT_KIND_UNCERTAINTY;
    case OutputKind::kUprightImage: break;
  }
  return v1::OUTPUT_KIND_UPRIGHT_IMAGE;
}

void Fill(const ModelInfo& model, v1::ModelIdentity& identity) {
  identity.set_name(model.name);
  identity.set_version(model.version);
  identity.set_weights_sha256(model.weights_digest.ToBytes());
}

void Fill(const PatchPosition& position, v1::PatchPosition& message) {
  message.mutable_centre()->set_x(position.centre.x);
  message.mutable_centre()->set_y(position.centre.y);
  message.mutable_centre()->set_z(position.centre.z);
  message.set_spacing_mm(position.spacing_mm);
}

v1::PromptKind ToProto(PromptKind kind) {
  switch (kind) {
    case PromptKind::kPoint: return v1::PROMPT_KIND_POINT;
    case PromptKind::kBox: return v1::PROMPT_KIND_BOX;
    case PromptKind::kLine: return v1::PROMPT_KIND_LINE;
    case PromptKind::kScribble: return v1::PROMPT_KIND_SCRIBBLE;
    case PromptKind::kMask: return v1::PROMPT_KIND_MASK;
    case PromptKind::kPreviousLogits: break;
  }
  return v1::PROMPT_KIND_PREVIOUS_LOGITS;
}

void Fill(const PromptUse& use, v1::PromptUse& message) {
  message.set_kind(ToProto(use.kind));
  message.set_number(static_cast<uint32_t>(use.number));
  message.set_clicks(static_cast<uint32_t>(use.clicks));
  message.set_box_corners(use.box_corners);
  message.set_mask_logits(use.mask_logits);
  message.set_confined(use.confined);
  message.set_enforced(use.enforced);
}

void Fill(const TargetResult& target, const ModelInfo& model, v1::ResultTarget& message) {
  message.set_voxels(target.voxels);
  message.set_volume_ml(target.volume_ml);
  message.set_touches_patch_border(target.touches_patch_border);
  message.set_embedding_cached(target.embedding_cached);
  message.set_patches(static_cast<uint32_t>(target.patches));
  message.set_spacing_mm(target.spacing_mm);
  message.set_iou_prediction(target.iou_prediction);
  message.set_logits_sha256(target.logits_digest.ToBytes());
  if (target.patches > 0) Fill(target.first_patch, *message.mutable_first_patch());
  if (target.confidence) message.set_confidence(static_cast<float>(*target.confidence));
  message.set_dropped_components(static_cast<uint32_t>(target.dropped_components));
  message.set_enforced_prompts(static_cast<uint32_t>(target.enforced_prompts));
  for (const PromptUse& use : target.prompt_uses) Fill(use, *message.add_prompt_uses());
  for (size_t g = 0; g < target.gate_scores.size() && g < model.gate_blocks.size(); ++g) {
    v1::GateScore& gate = *message.add_gates();
    gate.set_block(static_cast<uint32_t>(model.gate_blocks[g]));
    gate.set_score(target.gate_scores[g]);
    gate.set_open(target.gate_scores[g] > model.gate_threshold);
  }
}

void Fill(const Geometry& geometry, v1::SegmentResult& message) {
  const Shape& shape = geometry.shape();
  for (const int64_t voxels : {shape.i, shape.j, shape.k}) {
    message.add_volume_shape(static_cast<uint32_t>(voxels));
  }
  for (double WorldPoint::*const row : {&WorldPoint::x, &WorldPoint::y, &WorldPoint::z}) {
    for (const WorldPoint& step : geometry.steps()) message.add_voxel_to_lps(step.*row);
    message.add_voxel_to_lps(geometry.origin().*row);
  }
}

}  // namespace

v1::SegmentResponse ToProto(const ProgressEvent& event) {
  v1::SegmentResponse response;
  v1::Progress& progress = *response.mutable_progress();
  progress.set_stage(ToProto(event.stage));
  progress.set_target_index(static_cast<uint32_t>(event.target));
  progress.set_patch(static_cast<uint32_t>(event.patch));
  progress.set_patches(static_cast<uint32_t>(event.patches));
  progress.set_queue_position(static_cast<uint32_t>(event.queue_position));
  progress.set_expected_seconds(absl::ToDoubleSeconds(event.expected));
  return response;
}

v1::SegmentResult ToProto(const SegmentResult& result, const Digest& volume, const ModelInfo& model) {
  v1::SegmentResult message;
  for (const TargetResult& target : result.targets) Fill(target, model, *message.add_targets());
  for (const Output& output : result.outputs) {
    v1::Output& announced = *message.add_outputs();
    announced.set_kind(ToProto(output.kind));
    announced.set_target_index(static_cast<uint32_t>(output.target));
    announced.set_size_bytes(output.view().size());
    announced.set_media_type(std::string(output.media_type));
  }
  Fill(model, *message.mutable_model());
  message.set_volume_sha256(volume.ToBytes());
  for (int s = 0; s < static_cast<int>(Stage::kSend); ++s) {
    v1::StageTime& time = *message.add_stage_times();
    time.set_stage(ToProto(static_cast<Stage>(s)));
    time.set_seconds(absl::ToDoubleSeconds(result.stage_times[static_cast<size_t>(s)]));
  }
  for (const std::string& warning : result.warnings) message.add_warnings(warning);
  for (const PassedOver& some : result.passed_over) {
    v1::PassedOver& passed_over = *message.add_passed_over();
    passed_over.set_kind(some.kind);
    passed_over.set_files(static_cast<uint32_t>(some.files));
  }
  Fill(result.geometry, message);
  return message;
}

v1::DescribeModelResponse Describe(const ModelInfo& model, const std::vector<std::string>& devices,
                                   absl::string_view server_version, const ContractLimits& limits) {
  v1::DescribeModelResponse response;
  Fill(model, *response.mutable_model());
  for (int axis = 0; axis < 3; ++axis) response.add_patch_voxels(static_cast<uint32_t>(model.sizes.patch));
  response.set_patch_spacing_mm(model.first_spacing_mm);
  response.set_finest_spacing_mm(model.finest_spacing_mm);
  response.set_precision(model.precision);
  for (const int block : model.gate_blocks) response.add_gate_blocks(static_cast<uint32_t>(block));
  response.set_box_corner_embeddings(static_cast<uint32_t>(model.box_corner_embeddings));
  for (const std::string& device : devices) response.add_devices(device);
  response.set_server_version(std::string(server_version));
  response.set_max_volume_bytes(limits.max_volume_bytes);
  response.set_max_targets(kMaxTargets);
  response.set_logits_side(static_cast<uint32_t>(model.sizes.logits_side));
  return response;
}

absl::string_view KindName(std::optional<VolumeKind> kind) {
  if (!kind) return "none";
  switch (*kind) {
    case VolumeKind::kDicom: return "dicom";
    case VolumeKind::kNifti: return "nifti";
    case VolumeKind::kRaw: break;
  }
  return "raw";
}

}  // namespace sgpsam
