#include "server/doors/grpc/grpc_status.h"

namespace sgpsam {
namespace {

constexpr absl::string_view kEllipsis = "...";

bool ContinuesCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

std::string Shortened(absl::string_view message) {
  if (message.size() <= kMaxStatusMessage) return std::string(message);
  size_t end = kMaxStatusMessage - kEllipsis.size();
  while (end > 0 && ContinuesCharacter(message[end])) --end;
  std::string shortened(message.substr(0, end));
  shortened.append(kEllipsis.data(), kEllipsis.size());
  return shortened;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.raw_code()), Shortened(status.message()));
}

std::string CodeName(absl::StatusCode code) { return absl::StatusCodeToString(code); }

}  // namespace sgpsam
