// What a result's masks can be written as: one list, a file for each entry. Findings -> bytes and their media
// type. To add an object: its codec below core/, a file here, and a line in output_formats.cc.
#ifndef SGPSAM_SERVER_SEGMENT_OUTPUTS_OUTPUT_FORMAT_H_
#define SGPSAM_SERVER_SEGMENT_OUTPUTS_OUTPUT_FORMAT_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/base/digest.h"
#include "core/engine/engine.h"
#include "server/segment/decoded_volume.h"
#include "server/segment/segment_request.h"
#include "server/segment/segment_result.h"

namespace sgpsam {

// What an output is written from, besides the findings; everything outlives the call.
struct OutputContext {
  const SegmentRequest& request;
  const DecodedVolume& source;
  const Digest& volume_key;  // of the source, for identities that repeat
  const ModelInfo& model;
  absl::Time now;
  absl::string_view software_version;
  uint64_t max_volume_bytes = 0;  // of what is made besides the masks
};

struct OutputFormat {
  absl::string_view name;  // as the contract spells it: "DICOM_SEG"
  // Whether it is an object of the DICOM series that it was made from, and goes into a series itself.
  bool of_series = false;
  bool can_be_upright = false;
  // Refuses before the model runs what could not be written after it; null: nothing to refuse.
  absl::Status (*check)(const SegmentRequest& request, const DecodedVolume& source,
                        uint64_t max_volume_bytes);
  // Appends outputs; may take the masks out of the findings.
  absl::Status (*write)(const OutputContext& context, absl::Span<Finding> findings,
                        std::vector<Output>& outputs);
};

// Every format, in the order of the contract.
absl::Span<const OutputFormat* const> OutputFormats();
// Null if there is none of this name.
const OutputFormat* FindOutputFormat(absl::string_view name);
// What a request's masks are written as: what was asked for, or else a DICOM-SEG of a DICOM series and NIfTI
// of others and of what is to be upright.
const OutputFormat& FormatOf(const SegmentRequest& request);

extern const OutputFormat kDicomSegOutput, kNiftiOutput, kRawBitsOutput;

// Besides the masks, in any format: float32 on the volume's grid, twice, and the first patch's logits.
absl::StatusOr<Output> ProbabilitiesOutput(const Finding& finding, size_t target, const Geometry& geometry);
absl::StatusOr<Output> UncertaintyOutput(const Finding& finding, size_t target, const Geometry& geometry);
Output LogitsOutput(const Finding& finding, size_t target);

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SEGMENT_OUTPUTS_OUTPUT_FORMAT_H_
