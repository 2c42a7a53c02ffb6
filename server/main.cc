// sgpsam-server: reads its flags, starts the workers, serves until SIGTERM or SIGINT, drains. Exit code 0
// after a drain, or when it is stopped while the model loads; 1 if it could not start; 2 for a mistake in the
// flags; 128 plus the signal's number at once after a second signal.
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/base/status_macros.h"
#include "core/base/stop_event.h"
#include "server/app.h"
#include "server/config.h"
#include "server/doors/grpc/grpc_log.h"
#include "server/program/flags.h"
#include "server/program/process.h"
#include "server/workers.h"

namespace {

using Engines = std::vector<std::unique_ptr<sgpsam::Engine>>;

int wake_pipe[2];  // a byte for each thing that main waits for: the first stop signal, the loaded model
volatile sig_atomic_t stop_signals = 0;

void WakeMain() {
  const char byte = 0;
  if (write(wake_pipe[1], &byte, 1) < 0) return;  // the pipe is full of reasons to wake
}

void AwaitWake() {
  char byte = 0;
  while (read(wake_pipe[0], &byte, 1) < 0 && errno == EINTR) {
  }
}

// Workers end by themselves when the server does, so that leaving at once is safe at any time.
void OnStopSignal(int number) {
  stop_signals = stop_signals + 1;
  if (stop_signals > 1) _exit(128 + number);
  WakeMain();
}

// A handler rather than a blocked signal: workers would inherit the block.
void CatchStopSignals() {
  if (pipe(wake_pipe) != 0) return;
  struct sigaction action = {};
  action.sa_handler = OnStopSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a peer that hangs up is an error code, not a death
}

// Few arenas, so that what one thread frees another can use: the many job threads would otherwise keep
// one each. Message buffers (up to 1 MiB) stay in the arenas, larger blocks go back to the system.
void BoundMalloc() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
}

// Loads on threads of its own, because it may take minutes and a stop signal must not wait for it: that ends
// the workers.
absl::StatusOr<Engines> LoadUnlessStopped(const sgpsam::ServerConfig& config, sgpsam::StopEvent& stop) {
  auto loading = std::async(std::launch::async, [&] {
    auto engines = sgpsam::StartWorkers(config.workers, config.pool.max_batch, stop);
    WakeMain();
    return engines;
  });
  AwaitWake();
  if (stop_signals > 0) stop.Set();
  return loading.get();
}

absl::Status Serve(const sgpsam::ServerConfig& config) {
  sgpsam::StopEvent stop;  // set when nobody waits for a worker any more
  ASSIGN_OR_RETURN(const std::unique_ptr<sgpsam::App> app, sgpsam::App::Start(config, sgpsam::Clock::Real()));
  absl::StatusOr<Engines> engines = LoadUnlessStopped(config, stop);
  if (stop.IsSet()) return absl::OkStatus();
  RETURN_IF_ERROR(engines.status());
  RETURN_IF_ERROR(app->Serve(*std::move(engines)));
  std::printf("ready %s\n", app->Addresses().c_str());
  std::fflush(stdout);
  AwaitWake();
  app->Drain();
  stop.Set();  // what still runs was cancelled; a worker that hangs must not hold the exit
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  sgpsam::UnsetEnvironment("GRPC_");  // GRPC_TRACE would write what callers send into the log
  sgpsam::CatchGrpcLog(sgpsam::Clock::Real());
  sgpsam::KeepMemoryOutOfCoreDumps();
  sgpsam::RaiseDescriptorLimit();
  BoundMalloc();
  CatchStopSignals();
  const std::optional<int> ended = sgpsam::EndsWithFlags(sgpsam::ServerProgram(), argc, argv);
  if (ended) return *ended;
  const absl::StatusOr<sgpsam::ServerConfig> config = sgpsam::ConfigFromFlags();
  if (!config.ok()) return sgpsam::ReportUsageError(sgpsam::ServerProgram(), config.status());
  const absl::Status status = Serve(*config);
  if (status.ok()) return 0;
  std::fprintf(stderr, "sgpsam-server: %s\n", std::string(status.message()).c_str());
  return 1;
}
