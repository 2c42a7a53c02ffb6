#include "client/cpp/grpc_status.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "core/base/reason.h"
#include "sgpsam/v1/error_details.pb.h"

namespace sgpsam::client {

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const absl::Status bare(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  v1::RpcStatus details;
  if (!details.ParseFromString(status.error_details())) return bare;
  for (const google::protobuf::Any& detail : details.details()) {
    v1::ErrorInfo info;
    if (!absl::EndsWith(detail.type_url(), "/google.rpc.ErrorInfo") || !info.ParseFromString(detail.value()))
      continue;
    if (info.domain() != "sgpsam") continue;
    ReasonInfo reason{info.reason(), {info.metadata().begin(), info.metadata().end()}};
    std::sort(reason.metadata.begin(), reason.metadata.end());  // a map of protobuf has no order
    return WithReason(bare, reason);
  }
  return bare;
}

}  // namespace sgpsam::client
