#include "client/cpp/grpc_status.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "sgpsam/client.h"
#include "sgpsam/v1/error_details.pb.h"

namespace sgpsam::client {
namespace {

using Metadata = std::vector<std::pair<std::string, std::string>>;

v1::ErrorInfo SomeInfo(const std::string& domain) {
  v1::ErrorInfo info;
  info.set_reason("MISSING_SLICES");
  info.set_domain(domain);
  (*info.mutable_metadata())["other_file"] = "4";
  (*info.mutable_metadata())["file"] = "3";
  return info;
}

absl::Status Received(const std::string& details) {
  return FromGrpc(grpc::Status(grpc::FAILED_PRECONDITION, "two are missing", details));
}

absl::Status Received(const std::string& type, const v1::ErrorInfo& info) {
  v1::RpcStatus details;
  details.add_details()->set_type_url("type.googleapis.com/google.rpc.Help");
  details.add_details()->set_type_url(type);
  details.mutable_details(1)->set_value(info.SerializeAsString());
  return Received(details.SerializeAsString());
}

TEST(FromGrpc, KeepsCodeAndMessage) {
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
  EXPECT_EQ(Received(""), absl::FailedPreconditionError("two are missing"));
}

TEST(FromGrpc, FindsTheReasonAmongTheDetails) {
  const absl::Status status = Received("type.googleapis.com/google.rpc.ErrorInfo", SomeInfo("sgpsam"));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "two are missing");
  EXPECT_EQ(ErrorReason(status), "MISSING_SLICES");
  EXPECT_EQ(ErrorMetadata(status), (Metadata{{"file", "3"}, {"other_file", "4"}}));
}

TEST(FromGrpc, LeavesOutForeignAndBrokenDetails) {
  EXPECT_EQ(ErrorReason(Received("\xff\xff")), "");
  EXPECT_EQ(ErrorReason(Received("type.googleapis.com/google.rpc.ErrorInfo", SomeInfo("another.service"))),
            "");
  EXPECT_EQ(ErrorReason(Received("type.googleapis.com/google.rpc.QuotaFailure", SomeInfo("sgpsam"))), "");
}

TEST(ErrorReason, IsEmptyWhereThereIsNone) {
  EXPECT_EQ(ErrorReason(absl::OkStatus()), "");
  EXPECT_EQ(ErrorReason(absl::InternalError("a defect")), "");
  EXPECT_TRUE(ErrorMetadata(absl::InternalError("a defect")).empty());
}

}  // namespace
}  // namespace sgpsam::client
