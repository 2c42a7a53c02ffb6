#include "client/gateway/server_link.h"

#include "absl/strings/str_cat.h"
#include "server/program/flags.h"

namespace sgpsam::gateway {

absl::StatusOr<client::Client> ConnectToServer(const ServerLinkOptions& options) {
  client::ConnectOptions connect{.user_agent = absl::StrCat("sgpsam-gateway/", SoftwareVersion())};
  if (!options.tls_ca.empty()) {
    connect.tls = {.ca = options.tls_ca, .cert = options.tls_cert, .key = options.tls_key};
  }
  return client::Client::Connect(options.server, connect);
}

}  // namespace sgpsam::gateway
