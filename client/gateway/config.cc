#include "client/gateway/config.h"

#include <fstream>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/program/address.h"

using sgpsam::gateway::GatewayConfig;
using sgpsam::gateway::LeaseOptions;
using sgpsam::gateway::NninteractiveOptions;
using sgpsam::gateway::ServerLinkOptions;

ABSL_FLAG(std::string, server, ServerLinkOptions().server,
          "Address of sgpsam-server's gRPC service, or several, separated by commas.");
ABSL_FLAG(
    std::string, tls_ca, "",
    "Speak TLS with servers whose certificate one of the authorities in this file (PEM) signed; system: one "
    "that the system trusts.");
ABSL_FLAG(std::string, tls_cert, "", "The certificate (PEM) to show to a server that asks for one.");
ABSL_FLAG(std::string, tls_key, "", "Its private key (PEM).");
ABSL_FLAG(std::string, nninteractive_listen, GatewayConfig().nninteractive_listen,
          "Address of nnInteractive's protocol, for 3D Slicer and napari; port 0 picks a free one.");
ABSL_FLAG(
    std::string, api_key_file, "",
    "File whose first line is the key that viewers have to send; without one nobody is asked for a key.");
ABSL_FLAG(int, max_sessions, LeaseOptions().max_sessions, "Viewers that are served at the same time.");
ABSL_FLAG(absl::Duration, idle_timeout, LeaseOptions().idle_timeout,
          "A session in which nobody does anything for so long ends.");
ABSL_FLAG(absl::Duration, liveness_timeout, LeaseOptions().liveness_timeout,
          "A session whose viewer is not heard of for so long ends.");
ABSL_FLAG(uint64_t, max_image_bytes, NninteractiveOptions().max_image_bytes,
          "Largest image of a session, unpacked.");
ABSL_FLAG(uint64_t, max_held_bytes, GatewayConfig().max_held_bytes,
          "Images and masks of all sessions, and what is being received; more is refused.");

namespace sgpsam::gateway {
namespace {

absl::Status Wrong(absl::string_view flag, absl::string_view allowed) {
  return absl::InvalidArgumentError(absl::StrCat("--", flag, " must be ", allowed));
}

absl::Status CheckLink(const ServerLinkOptions& link) {
  if (link.server.empty()) return Wrong("server", "host:port");
  if (!link.tls_cert.empty() && link.tls_ca.empty()) return Wrong("tls_ca", "given with --tls_cert");
  if (!link.tls_cert.empty() && link.tls_key.empty()) return Wrong("tls_key", "given with --tls_cert");
  if (!link.tls_key.empty() && link.tls_cert.empty()) return Wrong("tls_cert", "given with --tls_key");
  return absl::OkStatus();
}

absl::Status Check(const GatewayConfig& config) {
  const LeaseOptions& leases = config.nninteractive.leases;
  if (!ParseAddress(config.nninteractive_listen).ok()) return Wrong("nninteractive_listen", "host:port");
  RETURN_IF_ERROR(CheckLink(config.link));
  if (leases.max_sessions < 1 || leases.max_sessions > 1024) return Wrong("max_sessions", "1 to 1024");
  if (leases.idle_timeout < absl::Seconds(1)) return Wrong("idle_timeout", "at least 1s");
  // Clients are heard of every 5 s or more seldom.
  if (leases.liveness_timeout < absl::Seconds(15)) return Wrong("liveness_timeout", "at least 15s");
  if (config.nninteractive.max_image_bytes < 1) return Wrong("max_image_bytes", "at least 1");
  if (config.max_held_bytes / 4 < config.nninteractive.max_image_bytes) {
    return Wrong("max_held_bytes", "at least four times --max_image_bytes");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadKey(const std::string& path) {
  if (path.empty()) return "";
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  const std::string key(absl::StripAsciiWhitespace(line));
  if (key.empty())
    return Wrong("api_key_file", "a file that can be read and begins with a line that is the key");
  return key;
}

}  // namespace

const Program& GatewayProgram() {
  static const auto* const program = new Program{
      "sgpsam-gateway",
      "lets 3D Slicer and napari use an sgpsam-server.\n\n  sgpsam-gateway --server=127.0.0.1:50051",
      "client/gateway/config.cc", "SGPSAM_GATEWAY_"};
  return *program;
}

absl::StatusOr<GatewayConfig> ConfigFromFlags() {
  GatewayConfig config;
  config.link = {absl::GetFlag(FLAGS_server), absl::GetFlag(FLAGS_tls_ca), absl::GetFlag(FLAGS_tls_cert),
                 absl::GetFlag(FLAGS_tls_key)};
  config.nninteractive_listen = absl::GetFlag(FLAGS_nninteractive_listen);
  ASSIGN_OR_RETURN(config.nninteractive.api_key, ReadKey(absl::GetFlag(FLAGS_api_key_file)));
  config.nninteractive.leases = {absl::GetFlag(FLAGS_max_sessions), absl::GetFlag(FLAGS_idle_timeout),
                                 absl::GetFlag(FLAGS_liveness_timeout)};
  config.nninteractive.max_image_bytes = absl::GetFlag(FLAGS_max_image_bytes);
  config.nninteractive.version = std::string(SoftwareVersion());
  config.max_held_bytes = absl::GetFlag(FLAGS_max_held_bytes);
  RETURN_IF_ERROR(Check(config));
  return config;
}

}  // namespace sgpsam::gateway
