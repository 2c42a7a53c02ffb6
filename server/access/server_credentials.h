// What a gRPC port says of itself and asks of its callers: nothing, or TLS by the certificate in files, which
// are read again while the server runs. Who asks it is the assembly, before the port opens.
#ifndef SGPSAM_SERVER_ACCESS_SERVER_CREDENTIALS_H_
#define SGPSAM_SERVER_ACCESS_SERVER_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

namespace sgpsam {

// Paths of files in PEM, checked by the configuration. All empty: no TLS.
struct TlsFiles {
  std::string certificate = {};  // the server's, then those that lead to its authority
  std::string key = {};          // the certificate's private key
  std::string client_ca =
      {};  // authorities of callers; not empty: who shows no certificate of theirs is refused

  bool enabled() const { return !certificate.empty(); }
  bool mutual() const { return !client_ca.empty(); }
};

// The files are looked at once a second, and what they hold then counts for connections that come after;
// those that are open go on. While certificate and key do not belong together, or a file cannot be read as
// PEM, new connections fail.
std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const TlsFiles& files);

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_ACCESS_SERVER_CREDENTIALS_H_
