// sgpsam-gateway: reads its flags, serves until SIGTERM or SIGINT. Exit code 0 then; 1 if it could not start;
// 2 for a mistake in the flags. A second signal ends it at once.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/gateway/config.h"
#include "client/gateway/http/byte_budget.h"
#include "client/gateway/http/http_server.h"
#include "client/gateway/nninteractive/door.h"
#include "client/gateway/server_link.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"
#include "server/program/address.h"
#include "server/program/flags.h"
#include "server/program/process.h"
#include "sgpsam/client.h"

namespace {

using sgpsam::gateway::GatewayConfig;
using sgpsam::gateway::HttpServer;

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Blocked in all threads, for one to wait for; before any thread starts.
void BlockStopSignals() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a peer that hangs up is an error code, not a death
}

void AwaitStopSignal() {
  const sigset_t signals = StopSignals();
  int number = 0;
  sigwait(&signals, &number);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);  // the next one ends the process
}

bool IsThisMachine(absl::string_view host) {
  return host == "localhost" || host == "::1" || absl::StartsWith(host, "127.");
}

absl::Status Serve(const GatewayConfig& config, const sgpsam::client::Client& server) {
  sgpsam::gateway::ByteBudget budget(config.max_held_bytes);
  sgpsam::gateway::NninteractiveDoor door(config.nninteractive, server, budget, sgpsam::Clock::Real());
  ASSIGN_OR_RETURN(const auto address, sgpsam::ParseAddress(config.nninteractive_listen));
  ASSIGN_OR_RETURN(std::unique_ptr<HttpServer> http,
                   HttpServer::Start(address.first, address.second, {}, door, budget));
  const bool six = absl::StrContains(address.first, ':');
  std::printf("ready nninteractive=%s\n",
              absl::StrCat(six ? "[" : "", address.first, six ? "]:" : ":", http->port()).c_str());
  std::fflush(stdout);
  if (config.nninteractive.api_key.empty() && !IsThisMachine(address.first)) {
    sgpsam::Log(sgpsam::LogLevel::kWarning, "no key is asked for, and other machines may connect");
  }
  AwaitStopSignal();
  door.Close();
  http.reset();
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  sgpsam::UnsetEnvironment("GRPC_");    // GRPC_TRACE would write images into the log
  setenv("GRPC_VERBOSITY", "NONE", 1);  // what fails comes as a status; gRPC's lines repeat what peers said
  sgpsam::UnsetEnvironment("BLOSC_");   // C-Blosc2's own settings
  sgpsam::KeepMemoryOutOfCoreDumps();
  sgpsam::RaiseDescriptorLimit();
  BlockStopSignals();
  const sgpsam::Program& program = sgpsam::gateway::GatewayProgram();
  const std::optional<int> ended = sgpsam::EndsWithFlags(program, argc, argv);
  if (ended) return *ended;
  const absl::StatusOr<GatewayConfig> config = sgpsam::gateway::ConfigFromFlags();
  if (!config.ok()) return sgpsam::ReportUsageError(program, config.status());
  const absl::StatusOr<sgpsam::client::Client> server = ConnectToServer(config->link);
  if (!server.ok()) return sgpsam::ReportUsageError(program, server.status());
  const absl::Status status = Serve(*config, *server);
  if (status.ok()) return 0;
  std::fprintf(stderr, "sgpsam-gateway: %s\n", std::string(status.message()).c_str());
  return 1;
}
