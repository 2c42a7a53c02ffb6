// grpc::Status -> absl::Status: the same codes by definition, and the server's message as it is.
#ifndef SGPSAM_CLIENT_CPP_GRPC_STATUS_H_
#define SGPSAM_CLIENT_CPP_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace sgpsam::client {

inline absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace sgpsam::client

#endif  // SGPSAM_CLIENT_CPP_GRPC_STATUS_H_
