#include "client/cpp/servers.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/support/channel_arguments.h>

#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "core/base/pem_files.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"

namespace sgpsam::client {
namespace {

constexpr unsigned kRefreshSeconds = 5;      // after which a replaced certificate is noticed
constexpr size_t kRememberedVolumes = 4096;  // forgetting one costs an upload

bool OfSystem(const Tls& tls) { return tls.ca == "system"; }

absl::Status CheckTls(const Tls& tls) {
  if (tls.cert.empty() != tls.key.empty()) {
    return absl::InvalidArgumentError("the client's certificate and its private key are given together");
  }
  if (!OfSystem(tls)) RETURN_IF_ERROR(CheckCertificates(tls.ca));
  if (tls.cert.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckCertificates(tls.cert));
  RETURN_IF_ERROR(CheckPrivateKey(tls.key));
  return CheckKeyBelongs(tls.key, tls.cert);
}

std::shared_ptr<grpc::ChannelCredentials> MakeCredentials(const std::optional<Tls>& tls) {
  if (!tls) return grpc::InsecureChannelCredentials();
  grpc::experimental::TlsChannelCredentialsOptions options;
  if (!OfSystem(*tls) || !tls->cert.empty()) {
    options.set_certificate_provider(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
        tls->key, tls->cert, OfSystem(*tls) ? "" : tls->ca, kRefreshSeconds));
  }
  if (!OfSystem(*tls)) options.watch_root_certs();
  if (!tls->cert.empty()) options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

absl::StatusOr<std::vector<std::string>> Split(const std::string& targets) {
  std::vector<std::string> all;
  for (const absl::string_view target : absl::StrSplit(targets, ',')) {
    all.emplace_back(absl::StripAsciiWhitespace(target));
    if (all.back().empty()) return absl::InvalidArgumentError("no server given; expected HOST:PORT");
  }
  return all;
}

absl::Status Untrusted(absl::string_view advice, const absl::Status& status) {
  return absl::UnauthenticatedError(absl::StrCat(advice, " (", status.message(), ")"));
}

bool WasClosed(absl::string_view message) {
  return absl::StrContains(message, "Socket closed") || absl::StrContains(message, "Connection reset") ||
         absl::StrContains(message, "Broken pipe");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Servers>> Servers::Open(const std::string& targets,
                                                       const ConnectOptions& options) {
  ASSIGN_OR_RETURN(std::vector<std::string> all, Split(targets));
  if (options.max_attempts < 1) return absl::InvalidArgumentError("a call needs at least one attempt");
  if (options.tls) RETURN_IF_ERROR(CheckTls(*options.tls));
  return std::unique_ptr<Servers>(new Servers(std::move(all), options));
}

Servers::Servers(std::vector<std::string> targets, const ConnectOptions& options)
    : targets_(std::move(targets)), tls_(options.tls) {
  const auto credentials = MakeCredentials(tls_);
  for (const std::string& target : targets_) {
    grpc::ChannelArguments arguments;
    if (!options.user_agent.empty()) arguments.SetUserAgentPrefix(options.user_agent);
    // Only on request: localhost and most hosts have two addresses, of which the server listens on one.
    if (absl::StartsWith(target, "dns:")) arguments.SetLoadBalancingPolicyName("round_robin");
    stubs_.push_back(
        v1::SegmentationService::NewStub(grpc::CreateCustomChannel(target, credentials, arguments)));
  }
}

size_t Servers::First(const std::string& volume) {
  absl::MutexLock lock(&mutex_);
  if (const auto found = last_.find(volume); found != last_.end()) return found->second;
  if (!next_) {
    uint64_t start = static_cast<uint64_t>(absl::GetCurrentTimeNanos());
    if (volume.size() >= sizeof(start)) std::memcpy(&start, volume.data(), sizeof(start));
    next_ = start % size();
  }
  return (*next_)++ % size();
}

void Servers::Remember(const std::string& volume, size_t server) {
  if (volume.empty() || size() == 1) return;
  absl::MutexLock lock(&mutex_);
  if (last_.size() >= kRememberedVolumes) last_.clear();
  last_[volume] = server;
}

absl::Status Servers::Explained(const absl::Status& status, size_t server) const {
  const absl::string_view message = status.message();
  if (absl::StrContains(message, "certificate verify failed")) {
    return Untrusted(
        "the server's certificate was not accepted: it must be signed by an authority that is trusted here, "
        "and "
        "be within its dates; trust the authority that signed it, or have the certificate renewed",
        status);
  }
  if (absl::StrContains(message, "Hostname Verification Check failed")) {
    return Untrusted(absl::StrCat("the server's certificate is not for the name in ", targets_[server],
                                  ": use a name that it is for, or have one made for this name "
                                  "(subjectAltName)"),
                     status);
  }
  if (absl::StrContains(message, "wrong version number")) {
    return Untrusted("the server does not speak TLS: connect without TLS, or give the server a certificate",
                     status);
  }
  if (!WasClosed(message)) return status;
  const absl::string_view advice =
      !tls_ ? "it may speak TLS: trust the authority that signed its certificate"
      : tls_->cert.empty()
          ? "it may ask its callers for a certificate: show a certificate that an authority of the server's "
            "signed"
          : "it may not accept the certificate that was shown, which must be signed by an authority of the "
            "server's and be within its dates";
  return WithMessage(status, absl::StrCat("the server closed the connection; ", advice, " (", message, ")"));
}

}  // namespace sgpsam::client
