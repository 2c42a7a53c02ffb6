// Which server, and how: the options of every command that asks one. Each may be set in the environment, too.
#ifndef SGPSAM_CLIENT_CLI_CONNECTION_ARGUMENTS_H_
#define SGPSAM_CLIENT_CLI_CONNECTION_ARGUMENTS_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "sgpsam/client.h"

namespace sgpsam::cli {

struct ConnectionArguments {
  std::string server;
  std::string tls_ca, tls_cert, tls_key;  // paths; tls_ca may be "system", and empty means: no TLS
};

// `arguments` outlives the command.
void AddConnectionOptions(CLI::App& command, ConnectionArguments& arguments);

// Connects by the first call only. An error is wrong usage: a target or a file that is none.
absl::StatusOr<client::Client> Connect(const ConnectionArguments& arguments);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_CONNECTION_ARGUMENTS_H_
