#include "client/cli/connection_arguments.h"

namespace sgpsam::cli {

void AddConnectionOptions(CLI::App& command, ConnectionArguments& arguments) {
  command.add_option("--server", arguments.server, "The server, HOST:PORT, or several, separated by commas")
      ->required()
      ->type_name("HOST:PORT")
      ->envname("SGPSAM_SERVER");
  CLI::Option* const ca =
      command
          .add_option("--tls-ca", arguments.tls_ca,
                      "Speak TLS with a server whose certificate one of the authorities in this file (PEM) "
                      "signed, or one that the system trusts")
          ->type_name("FILE|system")
          ->envname("SGPSAM_TLS_CA");
  CLI::Option* const cert = command
                                .add_option("--tls-cert", arguments.tls_cert,
                                            "The certificate (PEM) to show to a server that asks for one")
                                ->type_name("FILE")
                                ->envname("SGPSAM_TLS_CERT");
  CLI::Option* const key = command.add_option("--tls-key", arguments.tls_key, "Its private key (PEM)")
                               ->type_name("FILE")
                               ->envname("SGPSAM_TLS_KEY");
  cert->needs(ca)->needs(key);
  key->needs(cert);
}

absl::StatusOr<client::Client> Connect(const ConnectionArguments& arguments) {
  client::ConnectOptions options{.user_agent = "sgpsam-cli"};
  if (!arguments.tls_ca.empty()) {
    options.tls = {.ca = arguments.tls_ca, .cert = arguments.tls_cert, .key = arguments.tls_key};
  }
  return client::Client::Connect(arguments.server, options);
}

}  // namespace sgpsam::cli
