#include "server/doors/grpc/grpc_status.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/reason.h"
#include "sgpsam/v1/error_details.pb.h"

namespace sgpsam {
namespace {

v1::ErrorInfo InfoOf(const grpc::Status& status) {
  v1::RpcStatus details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), status.error_code());
  EXPECT_EQ(details.message(), status.error_message());
  v1::ErrorInfo info;
  EXPECT_EQ(details.details_size(), 1);
  EXPECT_EQ(details.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_TRUE(info.ParseFromString(details.details(0).value()));
  EXPECT_EQ(info.domain(), "sgpsam");
  return info;
}

TEST(GrpcStatus, KeepsCodeAndMessage) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  const grpc::Status status = ToGrpcStatus(absl::NotFoundError("send it"));
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "send it");
}

TEST(GrpcStatus, GivesTheReasonAsErrorInfo) {
  const grpc::Status status = ToGrpcStatus(
      InvalidArgument(Reason::kPointOutsideVolume, "it lies outside", {{"target", "2"}, {"point", "1"}}));
  EXPECT_EQ(status.error_message(), "it lies outside");
  const v1::ErrorInfo info = InfoOf(status);
  EXPECT_EQ(info.reason(), "POINT_OUTSIDE_VOLUME");
  EXPECT_EQ(info.metadata_size(), 2);
  EXPECT_EQ(info.metadata().at("target"), "2");
  EXPECT_EQ(info.metadata().at("point"), "1");
  EXPECT_EQ(ToGrpcStatus(absl::InternalError("a defect")).error_details(), "");
}

TEST(GrpcStatus, NamesTheFieldWhereCoreKnowsNone) {
  const grpc::Status status = ToGrpcStatus(FailedPrecondition(Reason::kSegNotPossible, "no SEG"));
  EXPECT_EQ(status.error_message(), "no SEG (output.format: MASK_FORMAT_NIFTI)");
  EXPECT_EQ(InfoOf(status).metadata().at("field"), "output.format");
  const grpc::Status own =
      ToGrpcStatus(InvalidArgument(Reason::kSegNeedsDicom, "ask for another", {{"field", "output"}}));
  EXPECT_EQ(own.error_message(), "ask for another");
  EXPECT_EQ(InfoOf(own).metadata().at("field"), "output");
}

TEST(GrpcStatus, SpellsCodesAsGrpcDoes) {
  EXPECT_EQ(CodeName(absl::StatusCode::kOk), "OK");
  EXPECT_EQ(CodeName(absl::StatusCode::kInvalidArgument), "INVALID_ARGUMENT");
  EXPECT_EQ(CodeName(absl::StatusCode::kResourceExhausted), "RESOURCE_EXHAUSTED");
}

TEST(GrpcStatus, ShortensLongMessagesBetweenCharacters) {
  std::string umlauts;
  while (umlauts.size() < 3000) umlauts += "\xc3\xa4";
  for (const std::string prefix : {"", "x"}) {
    const std::string message = ToGrpcStatus(absl::InternalError(prefix + umlauts)).error_message();
    EXPECT_LE(message.size(), kMaxStatusMessage);
    EXPECT_GE(message.size(), kMaxStatusMessage - 1);
    const size_t letters = message.size() - 3 - prefix.size();
    EXPECT_EQ(letters % 2, 0u);  // no half character
    EXPECT_EQ(message.substr(message.size() - 3), "...");
  }
}

}  // namespace
}  // namespace sgpsam
