// sgpsam-worker: one replica of the model on one device, in a process of its own. Started by
// sgpsam-server, which talks to it over the socket --fd and ends it. Writes nothing to standard output.
#include <sys/socket.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/log.h"
#include "core/torch/openmp_policy.h"
#include "core/torch/torch_engine.h"
#include "core/worker_link/serve_engine.h"
#include "server/program/flags.h"
#include "server/program/process.h"

ABSL_FLAG(int, fd, -1, "The socket to the server; sgpsam-server passes it.");
ABSL_FLAG(std::string, model, "", "Model file (safetensors).");
ABSL_FLAG(std::string, device, "auto", "auto, cpu or cuda:N.");
ABSL_FLAG(std::string, precision, "auto", "auto, fp32 or bf16.");
ABSL_FLAG(int, threads, 0, "Processor cores to compute on; 0 means all.");
ABSL_FLAG(std::string, self_test, "fallback", "fallback, refuse or off.");

namespace sgpsam {
namespace {

bool IsSocket(int fd) {
  int type = 0;
  socklen_t size = sizeof(type);
  return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

absl::StatusOr<std::unique_ptr<TorchEngine>> LoadModel() {
  TorchEngineOptions options;
  options.device = absl::GetFlag(FLAGS_device);
  options.precision = absl::GetFlag(FLAGS_precision);
  options.threads = absl::GetFlag(FLAGS_threads);
  options.self_test = absl::GetFlag(FLAGS_self_test);
  return TorchEngine::Create(absl::GetFlag(FLAGS_model), options);
}

// The log is the one place that says what was given up: as an error, with what is wrong with the machine.
void LogSelfTest(const ModelInfo& model) {
  const SelfTestReport& report = model.self_test;
  if (report.result == SelfTestReport::Result::kOff) return;
  const bool passed = report.result == SelfTestReport::Result::kPassed;
  Log(passed ? LogLevel::kInfo : LogLevel::kError,
      passed ? "self-test passed"
             : "self-test failed: this machine computes the model wrongly as it was asked to",
      {{"device", model.device},
       {"precision", model.precision},
       {"given_up", passed ? "nothing" : report.rejected},
       {"embedding_error", report.embedding_error},
       {"logits_error", report.logits_error},
       {"dice", report.dice},
       {"seconds", report.seconds}});
}

int Main(int socket) {
  if (!IsSocket(socket)) {
    std::cerr << "sgpsam-worker is started by sgpsam-server; start that instead.\n";
    return 2;
  }
  dup2(STDERR_FILENO, STDOUT_FILENO);  // a library that prints must not mix with the server's own line
  EndWithServer(socket);
  const absl::StatusOr<std::unique_ptr<TorchEngine>> engine = LoadModel();
  if (!engine.ok()) {
    ReportStartupError(socket, engine.status());
    return 1;
  }
  LogSelfTest((*engine)->info());
  const absl::Status served = ServeEngine(socket, **engine);
  if (served.ok()) return 0;
  Log(LogLevel::kError, "worker stopped", {{"error", served.ToString()}});
  return 1;
}

}  // namespace
}  // namespace sgpsam

int main(int argc, char** argv) {
  sgpsam::SpinBriefly(argv);
  sgpsam::KeepMemoryOutOfCoreDumps();
  const std::optional<int> ended = sgpsam::EndsWithFlags(
      {"sgpsam-worker", "runs the model for sgpsam-server, which starts it.", "server/worker/main.cc", ""},
      argc, argv);
  return ended ? *ended : sgpsam::Main(absl::GetFlag(FLAGS_fd));
}
