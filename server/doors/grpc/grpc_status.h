// The one place that makes a grpc::Status: absl::Status -> what the caller sees. Core knows neither fields
// nor enums of the contract: what is to be set where core refuses is said here. Pure functions.
#ifndef SGPSAM_SERVER_DOORS_GRPC_GRPC_STATUS_H_
#define SGPSAM_SERVER_DOORS_GRPC_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"

namespace sgpsam {

// gRPC sends the message in a header; the peer may refuse longer ones.
inline constexpr size_t kMaxStatusMessage = 1024;

// Same code; the message shortened to kMaxStatusMessage bytes, at a character's border. A reason
// (core/base/reason.h) goes with it as google.rpc.ErrorInfo in the status's details
// (proto/sgpsam/v1/error_details.proto), and where the caller can mend it in a field of the header,
// message and metadata name that.
grpc::Status ToGrpcStatus(const absl::Status& status);

// As gRPC spells it: "OK", "INVALID_ARGUMENT".
std::string CodeName(absl::StatusCode code);

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_DOORS_GRPC_GRPC_STATUS_H_
