// What the pipeline is asked and what it answers, in core's own types. Plain values.
#ifndef SGPSAM_SERVER_SEGMENT_SEGMENT_REQUEST_H_
#define SGPSAM_SERVER_SEGMENT_SEGMENT_REQUEST_H_

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/byte_buffer.h"
#include "core/base/digest.h"
#include "core/base/stage.h"
#include "core/dicom/derived/series_info.h"
#include "core/dicom/folder/series_choice.h"
#include "core/dicom/seg/seg_writer.h"
#include "core/looks/target_segmenter.h"
#include "core/raw/raw_codec.h"
#include "core/transform/prepare.h"
#include "core/transform/prompts.h"
#include "core/volume/geometry.h"
#include "core/volume/mask.h"
#include "core/volume/volume.h"
#include "server/segment/mask_prompt.h"

namespace sgpsam {

enum class VolumeKind { kDicom, kNifti, kRaw };

// A decoded volume, shared by requests and the cache.
struct Study {
  Volume volume;
  std::optional<SeriesInfo> series;  // DICOM only
  std::vector<std::string> warnings;
  std::vector<PassedOver> passed_over;  // DICOM only
};

struct TargetRequest {
  Prompts prompts;
  std::optional<DeflatedMask> mask;  // a mask prompt as it came: its size is known only with the volume's
  Segment segment;                   // label, codes, colour; mask and prompts are filled in by the pipeline
};

enum class MaskFormat { kDicomSeg, kNifti, kRawBits };

struct PipelineRequest {
  VolumeKind kind = VolumeKind::kDicom;
  RawDescription raw;                  // kRaw only
  std::string series;                  // kDicom only: which of several, as ReadSeries takes it; may be empty
  Digest digest;                       // of the payload
  std::vector<ByteBuffer> payload;     // DICOM: one per file; else exactly one. Empty: `study` is set
  std::shared_ptr<const Study> study;  // from FindStudy
  std::vector<TargetRequest> targets;  // 1 to 16
  std::optional<MaskFormat> format;    // without: see EffectiveFormat
  SegSeries seg_series;                // kDicomSeg only
  bool probabilities = false, logits = false;
  bool upright = false;  // NIfTI only: mask and image on a grid at right angles
  std::optional<IntensityClamp> clamp;
  TargetOptions inference;
  std::string idempotency_key;
};

// What the masks are written as: what was asked for, or else the default.
inline MaskFormat EffectiveFormat(const PipelineRequest& request) {
  if (request.format) return *request.format;
  if (request.upright) return MaskFormat::kNifti;
  return request.kind == VolumeKind::kDicom ? MaskFormat::kDicomSeg : MaskFormat::kNifti;
}

struct TargetResult {
  uint64_t voxels = 0;
  double volume_ml = 0;
  bool touches_patch_border = false;
  bool embedding_cached = false;
  int patches = 0;
  double spacing_mm = 0;      // of the mask
  PatchPosition first_patch;  // where the logits lie
  std::vector<float> gate_scores;
  float iou_prediction = 0;
  Digest logits_digest;
};

enum class OutputKind { kMask, kProbabilities, kLogits, kUprightImage };

struct PipelineOutput {
  OutputKind kind = OutputKind::kMask;
  size_t target = 0;
  std::variant<std::string, ByteBuffer, Mask> bytes;  // a mask: its bits

  absl::string_view view() const {
    if (const auto* text = std::get_if<std::string>(&bytes)) return *text;
    if (const auto* mask = std::get_if<Mask>(&bytes)) {
      return {reinterpret_cast<const char*>(mask->bits().data()), mask->bits().size()};
    }
    return std::get<ByteBuffer>(bytes).view();
  }
};

struct PipelineResult {
  std::vector<TargetResult> targets;
  std::vector<PipelineOutput> outputs;  // masks, the upright image, probabilities, logits
  std::array<absl::Duration, kStages> stage_times{};
  std::vector<std::string> warnings;
  std::vector<PassedOver> passed_over;
  Geometry
      geometry;  // of the volume: the grid of masks and probabilities, unless they were asked for upright
};

// Called at the start of each stage and when the place in a queue changes, from the calling thread or
// a worker's.
struct ProgressEvent {
  Stage stage = Stage::kDecode;
  size_t target = 0;
  int patch = 0;    // of the target, from 1; 0: the stage is not a patch's
  int patches = 0;  // the most that the target may take
  size_t queue_position = 0;
  absl::Duration expected = absl::ZeroDuration();  // until the result; zero: not known yet
};
using ProgressSink = std::function<void(const ProgressEvent&)>;

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SEGMENT_SEGMENT_REQUEST_H_
