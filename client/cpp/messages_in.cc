// Messages -> plain values.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/cpp/messages.h"
#include "core/base/stage.h"

namespace sgpsam::client {
namespace {

ModelIdentity FromMessage(const v1::ModelIdentity& message) {
  return {message.name(), message.version(), message.weights_sha256()};
}

TargetResult FromMessage(const v1::ResultTarget& message) {
  TargetResult target;
  target.voxels = message.voxels();
  target.volume_ml = message.volume_ml();
  target.touches_patch_border = message.touches_patch_border();
  target.embedding_cached = message.embedding_cached();
  target.patches = message.patches();
  target.spacing_mm = message.spacing_mm();
  for (const v1::GateScore& gate : message.gates()) {
    target.gates.push_back({gate.block(), gate.score(), gate.open()});
  }
  target.iou_prediction = message.iou_prediction();
  if (message.has_confidence()) target.confidence = message.confidence();
  target.dropped_components = message.dropped_components();
  target.enforced_prompts = message.enforced_prompts();
  for (const v1::PromptUse& use : message.prompt_uses()) {
    target.prompt_uses.push_back({static_cast<PromptKind>(use.kind()), use.number(), use.clicks(),
                                  use.box_corners(), use.mask_logits(), use.confined(), use.enforced()});
  }
  target.previous.sha256 = message.logits_sha256();
  if (message.has_first_patch()) {
    const v1::PatientPoint& centre = message.first_patch().centre();
    target.previous.patch = {{centre.x(), centre.y(), centre.z()}, message.first_patch().spacing_mm()};
  }
  return target;
}

// A server of another version may send a list of another length.
template <typename List, typename Array>
void CopyAtMost(const List& list, Array& array) {
  std::copy_n(list.begin(), std::min<size_t>(static_cast<size_t>(list.size()), array.size()), array.begin());
}

}  // namespace

absl::StatusOr<std::vector<float>> FloatSamples(const std::string& bytes) {
  if (bytes.size() % sizeof(float) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(bytes.size(), " bytes are not whole float32 samples"));
  }
  std::vector<float> samples(bytes.size() / sizeof(float));
  if (!samples.empty()) std::memcpy(samples.data(), bytes.data(), bytes.size());
  return samples;
}

SegmentResult FromMessage(const v1::SegmentResult& message) {
  SegmentResult result;
  for (const v1::ResultTarget& target : message.targets()) result.targets.push_back(FromMessage(target));
  result.model = FromMessage(message.model());
  result.volume_sha256 = message.volume_sha256();
  CopyAtMost(message.volume_shape(), result.volume_shape);
  CopyAtMost(message.voxel_to_lps(), result.voxel_to_lps);
  for (const v1::StageTime& time : message.stage_times()) {
    result.stage_times.emplace_back(static_cast<Stage>(time.stage()), absl::Seconds(time.seconds()));
  }
  result.warnings.assign(message.warnings().begin(), message.warnings().end());
  for (const v1::PassedOver& some : message.passed_over())
    result.passed_over.push_back({some.kind(), some.files()});
  return result;
}

Progress FromMessage(const v1::Progress& message) {
  Progress progress;
  progress.stage = static_cast<Stage>(message.stage());
  progress.target = message.target_index();
  progress.patch = message.patch();
  progress.patches = message.patches();
  progress.queue_position = message.queue_position();
  progress.expected = absl::Seconds(message.expected_seconds());
  return progress;
}

ModelDescription FromMessage(const v1::DescribeModelResponse& message) {
  ModelDescription model;
  model.model = FromMessage(message.model());
  for (int axis = 0; axis < 3 && axis < message.patch_voxels_size(); ++axis) {
    model.patch_voxels[static_cast<size_t>(axis)] = message.patch_voxels(axis);
  }
  model.patch_spacing_mm = message.patch_spacing_mm();
  model.finest_spacing_mm = message.finest_spacing_mm();
  model.precision = message.precision();
  model.gate_blocks.assign(message.gate_blocks().begin(), message.gate_blocks().end());
  model.box_corner_embeddings = message.box_corner_embeddings();
  model.devices.assign(message.devices().begin(), message.devices().end());
  model.server_version = message.server_version();
  model.max_volume_bytes = message.max_volume_bytes();
  model.max_targets = message.max_targets();
  model.logits_side = message.logits_side();
  return model;
}

// The same stages, here under the contract's numbers, which are one more.
static_assert(static_cast<int>(Stage::kSend) == static_cast<int>(sgpsam::Stage::kSend) + 1);

const char* StageName(Stage stage) {
  return sgpsam::StageName(static_cast<sgpsam::Stage>(static_cast<int>(stage) - 1)).data();
}

const char* PromptKindName(PromptKind kind) {
  switch (kind) {
    case PromptKind::kPoint: return "point";
    case PromptKind::kBox: return "box";
    case PromptKind::kLine: return "line";
    case PromptKind::kScribble: return "scribble";
    case PromptKind::kMask: return "mask";
    case PromptKind::kPreviousLogits: return "previous_logits";
    case PromptKind::kUnknown: break;
  }
  return "unknown";
}

}  // namespace sgpsam::client
