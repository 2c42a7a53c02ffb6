#include "server/program/address.h"

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace sgpsam {

absl::StatusOr<std::pair<std::string, int>> ParseAddress(absl::string_view address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || colon == 0 || !absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      port < 0 || port > 65535) {
    return absl::InvalidArgumentError("an address is host:port, e.g. 127.0.0.1:50051");
  }
  absl::string_view host = address.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[") && !absl::ConsumeSuffix(&host, "]")) {
    return absl::InvalidArgumentError("an IPv6 address is written [address]:port");
  }
  return std::make_pair(std::string(host), port);
}

}  // namespace sgpsam
