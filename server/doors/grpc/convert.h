// The contract's messages <-> core's types. Pure functions. Every limit
// and default that segmentation.proto states is checked or filled in here; messages say what to do and
// never repeat text that came from outside.
#ifndef SGPSAM_SERVER_DOORS_GRPC_CONVERT_H_
#define SGPSAM_SERVER_DOORS_GRPC_CONVERT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/call_context.h"
#include "core/engine/engine.h"
#include "server/doors/grpc/upload.h"
#include "server/segment/request_progress.h"
#include "server/segment/segment_request.h"
#include "server/segment/segment_result.h"
#include "sgpsam/v1/segmentation.pb.h"

namespace sgpsam {

inline constexpr size_t kMaxChunkBytes = size_t{1} << 20;
// A header carries masks and logits; more than this comes from nobody honest.
inline constexpr int kMaxMessageBytes = 8 << 20;
inline constexpr int kMaxTargets = 16;
inline constexpr uint64_t kMaxFileBytes = (uint64_t{1} << 31) - 1;  // what DICOM parsers address
inline constexpr size_t kMaxMaskBytes = size_t{2} << 20;            // deflated
inline constexpr size_t kMaxIdempotencyKey = 128;
inline constexpr size_t kMaxSeriesName = 64;  // of a UID
// Finer shows nothing of any scanner's image but interpolation; coarser loses the lesions.
inline constexpr double kMinSpacingMm = 0.25, kMaxSpacingMm = 3;

// What this server can take; the rest of the limits is the contract's own.
struct ContractLimits {
  uint64_t max_volume_bytes = 0;
  PatchSizes sizes;
};

struct ParsedHeader {
  SegmentRequest request;  // complete but for logits that are named by digest
  UploadPlan upload;
  Priority priority = Priority::kRoutine;
  bool by_digest = false;
  std::vector<std::optional<Digest>> logits_digests;  // by target
};

// INVALID_ARGUMENT names the field and what it may be.
absl::StatusOr<ParsedHeader> ParseHeader(const v1::SegmentHeader& header, const ContractLimits& limits);

// Mask logits as they travel. INVALID_ARGUMENT unless they are logits_side^3 finite numbers.
absl::StatusOr<std::vector<float>> ParseLogits(absl::string_view samples, const PatchSizes& sizes);

v1::SegmentResponse ToProto(const ProgressEvent& event);
v1::SegmentResult ToProto(const SegmentResult& result, const Digest& volume, const ModelInfo& model);
v1::DescribeModelResponse Describe(const ModelInfo& model, const std::vector<std::string>& devices,
                                   absl::string_view server_version, const ContractLimits& limits);

// dicom, nifti, raw or none: the label of sgpsam_requests_total.
absl::string_view KindName(std::optional<VolumeKind> kind);

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_DOORS_GRPC_CONVERT_H_
