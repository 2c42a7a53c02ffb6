// Everything that can be set on sgpsam-gateway: one struct of the parts' own options. Every flag may also
// stand in a --flagfile or in the environment as SGPSAM_GATEWAY_<NAME>; the command line wins.
#ifndef SGPSAM_CLIENT_GATEWAY_CONFIG_H_
#define SGPSAM_CLIENT_GATEWAY_CONFIG_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "client/gateway/nninteractive/door.h"
#include "client/gateway/server_link.h"
#include "server/program/flags.h"

namespace sgpsam::gateway {

struct GatewayConfig {
  ServerLinkOptions link;
  std::string nninteractive_listen = "127.0.0.1:1527";  // the port that its clients propose
  NninteractiveOptions nninteractive;
  uint64_t max_held_bytes = uint64_t{8} << 30;  // of all callers: bodies, images, masks
};

// The program's name and flags, for ReadFlags.
const Program& GatewayProgram();

// The checked configuration that the flags hold now. INVALID_ARGUMENT names the flag. Reads the file of the
// key.
absl::StatusOr<GatewayConfig> ConfigFromFlags();

}  // namespace sgpsam::gateway

#endif  // SGPSAM_CLIENT_GATEWAY_CONFIG_H_
