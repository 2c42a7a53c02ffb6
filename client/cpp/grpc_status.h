// grpc::Status -> absl::Status: the same codes by definition, the server's message as it is, and the reason
// that it gave in the status's details, if any. Pure functions.
#ifndef SGPSAM_CLIENT_CPP_GRPC_STATUS_H_
#define SGPSAM_CLIENT_CPP_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace sgpsam::client {

// Details that are not what proto/sgpsam/v1/error_details.proto says,
// and those of another domain, are left out.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace sgpsam::client

#endif  // SGPSAM_CLIENT_CPP_GRPC_STATUS_H_
