// sgpsam-server: loads the configuration, starts the workers, serves until SIGTERM or SIGINT, drains.
// Exit code 0 after a drain, 1 if it could not start.
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "core/base/clock.h"
#include "core/base/status_macros.h"
#include "server/app.h"
#include "server/config.h"
#include "server/workers.h"

namespace {

int stop_pipe[2];

void OnStopSignal(int) {
  const char byte = 0;
  if (write(stop_pipe[1], &byte, 1) < 0) return;  // somebody has asked already
}

// A handler rather than a blocked signal: workers would inherit the block.
void CatchStopSignals() {
  if (pipe(stop_pipe) != 0) return;
  struct sigaction action = {};
  action.sa_handler = OnStopSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a peer that hangs up is an error code, not a death
}

void AwaitStopSignal() {
  char byte = 0;
  while (read(stop_pipe[0], &byte, 1) < 0 && errno == EINTR) {
  }
}

// Few arenas, so that what one thread frees another can use: the many job threads would otherwise keep
// one each. Message buffers (up to 1 MiB) stay in the arenas, larger blocks go back to the system.
void BoundMalloc() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
}

absl::Status Serve(int argc, char** argv) {
  sgpsam::Clock& clock = sgpsam::Clock::Real();
  ASSIGN_OR_RETURN(sgpsam::ServerConfig config, sgpsam::LoadConfig(argc, argv));
  ASSIGN_OR_RETURN(const std::unique_ptr<sgpsam::App> app, sgpsam::App::Start(config, clock));
  ASSIGN_OR_RETURN(auto engines, sgpsam::StartWorkers(config.workers, config.pool.max_batch));
  RETURN_IF_ERROR(app->Serve(std::move(engines)));
  std::printf("ready %s\n", app->Addresses().c_str());
  std::fflush(stdout);
  AwaitStopSignal();
  app->Drain();
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  BoundMalloc();
  CatchStopSignals();
  const absl::Status status = Serve(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "sgpsam-server: %s\n", std::string(status.message()).c_str());
  return 1;
}
