// Core's types -> the contract's messages. Pure functions.
#ifndef SGPSAM_SERVER_DOORS_GRPC_CONVERT_H_
#define SGPSAM_SERVER_DOORS_GRPC_CONVERT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/base/digest.h"
#include "core/engine/engine.h"
#include "server/doors/grpc/contract_limits.h"
#include "server/segment/request_progress.h"
#include "server/segment/segment_request.h"
#include "server/segment/segment_result.h"
#include "sgpsam/v1/segmentation.pb.h"

namespace sgpsam {

v1::SegmentResponse ToProto(const ProgressEvent& event);
v1::SegmentResult ToProto(const SegmentResult& result, const Digest& volume, const ModelInfo& model);
v1::DescribeModelResponse Describe(const ModelInfo& model, const std::vector<std::string>& devices,
                                   absl::string_view server_version, const ContractLimits& limits);

// dicom, nifti, raw or none: the label of sgpsam_requests_total.
absl::string_view KindName(std::optional<VolumeKind> kind);

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_DOORS_GRPC_CONVERT_H_
