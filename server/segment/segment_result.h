// What the pipeline answers: findings while it works, a result when it is done. Plain values.
#ifndef SGPSAM_SERVER_SEGMENT_SEGMENT_RESULT_H_
#define SGPSAM_SERVER_SEGMENT_SEGMENT_RESULT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/byte_buffer.h"
#include "core/base/digest.h"
#include "core/base/stage.h"
#include "core/dicom/folder/series_choice.h"
#include "core/looks/target_segmenter.h"
#include "core/volume/geometry.h"
#include "core/volume/mask.h"

namespace sgpsam {

// One target's mask and what belongs to it: what outputs are written from.
struct Finding {
  TargetSegmentation found;
  std::string prompts;  // in one line (DescribePrompts)
};

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
  std::optional<double> confidence;
  std::vector<PromptUse> prompt_uses;
  int64_t dropped_components = 0, enforced_prompts = 0;
  Digest logits_digest;
};

enum class OutputKind { kMask, kProbabilities, kLogits, kUprightImage, kUncertainty };

struct Output {
  OutputKind kind = OutputKind::kMask;
  size_t target = 0;
  absl::string_view media_type;                       // a literal
  std::variant<std::string, ByteBuffer, Mask> bytes;  // a mask: its bits

  absl::string_view view() const {
    if (const auto* text = std::get_if<std::string>(&bytes)) return *text;
    if (const auto* mask = std::get_if<Mask>(&bytes)) {
      return {reinterpret_cast<const char*>(mask->bits().data()), mask->bits().size()};
    }
    return std::get<ByteBuffer>(bytes).view();
  }
};

struct SegmentResult {
  std::vector<TargetResult> targets;
  std::vector<Output> outputs;  // masks, the upright image, probabilities, uncertainty, logits
  std::array<absl::Duration, kStages> stage_times{};
  std::vector<std::string> warnings;
  std::vector<PassedOver> passed_over;
  Geometry geometry;  // of the volume: the grid of masks and probabilities, unless asked for upright
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SEGMENT_SEGMENT_RESULT_H_
