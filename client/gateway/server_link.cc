#include "client/gateway/server_link.h"

#include "absl/strings/str_cat.h"
#include "server/program/flags.h"

namespace sgpsam::gateway {

absl::StatusOr<client::Client> ConnectToServer(const ServerLinkOptions& options) {
  return client::Client::Connect(options.server,
                                 {.user_agent = absl::StrCat("sgpsam-gateway/", SoftwareVersion())});
}

}  // namespace sgpsam::gateway
