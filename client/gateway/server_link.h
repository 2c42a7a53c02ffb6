// The gateway's connection to the segmentation server: the one place where it is made.
#ifndef SGPSAM_CLIENT_GATEWAY_SERVER_LINK_H_
#define SGPSAM_CLIENT_GATEWAY_SERVER_LINK_H_

#include <string>

#include "absl/status/statusor.h"
#include "sgpsam/client.h"

namespace sgpsam::gateway {

struct ServerLinkOptions {
  std::string server = "127.0.0.1:50051";  // as client::Client::Connect takes it: several, too
  // Paths of files in PEM. The authority may be "system"; empty: the connection is not encrypted.
  std::string tls_ca;
  std::string tls_cert, tls_key;  // shown to a server that asks for one; empty: none
};

// Returns at once: the connection is made by the first call. An error if there cannot be one, which names the
// address or file.
absl::StatusOr<client::Client> ConnectToServer(const ServerLinkOptions& options);

}  // namespace sgpsam::gateway

#endif  // SGPSAM_CLIENT_GATEWAY_SERVER_LINK_H_
