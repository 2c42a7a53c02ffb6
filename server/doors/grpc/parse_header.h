// The contract's header -> a request in the server's own types. Pure functions. Every limit and default that
// segmentation.proto states is checked or filled in here; messages say what to do and never repeat text that
// came from outside.
#ifndef SGPSAM_SERVER_DOORS_GRPC_PARSE_HEADER_H_
#define SGPSAM_SERVER_DOORS_GRPC_PARSE_HEADER_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/call_context.h"
#include "core/base/digest.h"
#include "core/engine/engine.h"
#include "server/doors/grpc/contract_limits.h"
#include "server/doors/grpc/upload.h"
#include "server/segment/segment_request.h"
#include "sgpsam/v1/segmentation.pb.h"

namespace sgpsam {

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

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_DOORS_GRPC_PARSE_HEADER_H_
