#include "tools/commands/server_segmenter.h"

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "core/base/status_macros.h"

namespace sgpsam::tools {
namespace {

client::Volume ToVolume(const Volume& image) {
  const Geometry& geometry = image.geometry();
  const std::array<double, 3> spacing = geometry.spacing_mm();
  client::RawGrid grid;
  grid.shape = {static_cast<uint32_t>(geometry.shape().i), static_cast<uint32_t>(geometry.shape().j),
                static_cast<uint32_t>(geometry.shape().k)};
  switch (image.sample_type()) {
    case SampleType::kInt8: grid.sample_type = client::SampleType::kInt8; break;
    case SampleType::kUint8: grid.sample_type = client::SampleType::kUint8; break;
    case SampleType::kInt16: grid.sample_type = client::SampleType::kInt16; break;
    case SampleType::kUint16: grid.sample_type = client::SampleType::kUint16; break;
    case SampleType::kInt32: grid.sample_type = client::SampleType::kInt32; break;
    case SampleType::kUint32: grid.sample_type = client::SampleType::kUint32; break;
    case SampleType::kFloat32: grid.sample_type = client::SampleType::kFloat32; break;
    case SampleType::kFloat64: grid.sample_type = client::SampleType::kFloat64; break;
  }
  grid.spacing_mm = spacing;
  grid.origin_lps = {geometry.origin().x, geometry.origin().y, geometry.origin().z};
  for (size_t axis = 0; axis < 3; ++axis) {
    const WorldPoint& step = geometry.steps()[axis];
    grid.direction_lps[axis] = step.x / spacing[axis];
    grid.direction_lps[3 + axis] = step.y / spacing[axis];
    grid.direction_lps[6 + axis] = step.z / spacing[axis];
  }
  const auto* first = reinterpret_cast<const char*>(image.samples().data());
  return client::Volume::FromSamples(grid, std::string(first, image.samples().size()));
}

client::Position ToPosition(const PromptPosition& position) {
  if (const auto* voxel = std::get_if<VoxelIndex>(&position)) {
    return client::Position::Voxel(voxel->i, voxel->j, voxel->k);
  }
  const auto& point = std::get<WorldPoint>(position);
  return client::Position::PatientMm(point.x, point.y, point.z);
}

client::SegmentRequest MakeRequest(const Case& source, const TargetOptions& options) {
  client::SegmentRequest request(ToVolume(source.image));
  request.modality = source.modality;
  request.format = client::MaskFormat::kRawBits;
  request.max_patches = static_cast<uint32_t>(options.max_patches);
  if (options.max_steps) request.max_steps = static_cast<uint32_t>(*options.max_steps);
  request.spacing_mm = options.spacing_mm;
  request.auto_spacing = options.auto_spacing.value_or(false);
  return request;
}

}  // namespace

ServerSegmenter::ServerSegmenter(const client::Client& client, const Case& source,
                                 const TargetOptions& options)
    : client_(client), shape_(source.image.geometry().shape()), request_(MakeRequest(source, options)) {}

absl::StatusOr<CaseAnswer> ServerSegmenter::Segment(const Prompts& prompts) {
  client::Target target;
  for (const PointPrompt& point : prompts.points) {
    target.clicks.push_back({ToPosition(point.position), point.positive});
  }
  if (!prompts.previous_logits.empty()) {
    target.previous = client::PreviousLogits{.sha256 = {}, .samples = prompts.previous_logits};
    if (const auto& patch = prompts.previous_patch) {
      target.previous->patch = {{patch->centre.x, patch->centre.y, patch->centre.z}, patch->spacing_mm};
    }
  }
  request_.targets = {std::move(target)};
  ASSIGN_OR_RETURN(client::SegmentResult result, client_.Segment(request_));
  if (result.targets.size() != 1) return absl::InternalError("the server answered another number of targets");
  client::TargetResult& answer = result.targets[0];
  CaseAnswer given;
  ASSIGN_OR_RETURN(given.mask, Mask::FromBits(shape_, answer.mask_bits));
  given.logits = std::move(answer.previous.samples);
  if (const auto& patch = answer.previous.patch) {
    const std::array<double, 3>& centre = patch->centre_lps_mm;
    given.patch = PatchPosition{{centre[0], centre[1], centre[2]}, patch->spacing_mm};
  }
  if (answer.confidence) given.confidence = *answer.confidence;
  for (const client::GateScore& gate : answer.gates) given.gates.push_back({gate.score, gate.open});
  return given;
}

}  // namespace sgpsam::tools
