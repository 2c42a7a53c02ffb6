// What the pipeline is asked, in the server's own types: all that a header says,
// before its volume is here. Plain values.
#ifndef SGPSAM_SERVER_SEGMENT_SEGMENT_REQUEST_H_
#define SGPSAM_SERVER_SEGMENT_SEGMENT_REQUEST_H_

#include <optional>
#include <string>
#include <vector>

#include "core/dicom/seg/seg_writer.h"
#include "core/looks/target_segmenter.h"
#include "core/transform/prepare.h"
#include "core/transform/prompts.h"
#include "server/segment/decoded_volume.h"
#include "server/segment/mask_prompt.h"

namespace sgpsam {

struct OutputFormat;  // outputs/output_format.h

struct TargetRequest {
  Prompts prompts;
  std::optional<DeflatedMask> mask;  // a mask prompt as it came: its size is known only with the volume's
  std::vector<DeflatedScribble> scribbles;  // likewise; CheckPart took them
  std::optional<bool> average_looks;        // of TargetOptions, for this target
  SegmentDescription segment;
};

struct SegmentRequest {
  VolumeDescription volume;
  std::vector<TargetRequest> targets;    // 1 to 16
  const OutputFormat* format = nullptr;  // of the masks; without: see FormatOf
  SegSeries seg_series;                  // for formats that are a series' objects
  bool probabilities = false, uncertainty = false, logits = false;
  bool upright = false;  // mask and image on a grid at right angles; only formats that can
  std::optional<IntensityClamp> clamp;
  TargetOptions inference;
  std::string idempotency_key;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SEGMENT_SEGMENT_REQUEST_H_
