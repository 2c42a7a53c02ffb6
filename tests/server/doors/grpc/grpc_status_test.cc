#include "server/doors/grpc/grpc_status.h"

#include <gtest/gtest.h>

namespace sgpsam {
namespace {

TEST(GrpcStatus, KeepsCodeAndMessage) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  const grpc::Status status = ToGrpcStatus(absl::NotFoundError("send it"));
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "send it");
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
