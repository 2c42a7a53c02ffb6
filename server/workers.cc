#include "server/workers.h"

#include <future>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"
#include "core/worker_link/remote_engine.h"

namespace sgpsam {
namespace {

absl::StatusOr<std::unique_ptr<RemoteEngine>> StartWorker(const WorkerOptions& options,
                                                          const std::string& device, int max_batch,
                                                          const StopEvent& stop) {
  RemoteEngineOptions remote;
  remote.worker_binary = options.binary;
  remote.arguments = {absl::StrCat("--model=", options.model), absl::StrCat("--device=", device),
                      absl::StrCat("--precision=", options.precision),
                      absl::StrCat("--threads=", options.threads),
                      absl::StrCat("--self_test=", options.self_test)};
  remote.max_batch = max_batch;
  remote.stop = &stop;
  return RemoteEngine::Start(remote);
}

}  // namespace

absl::StatusOr<std::vector<std::unique_ptr<Engine>>> StartWorkers(const WorkerOptions& options, int max_batch,
                                                                  const StopEvent& stop) {
  std::vector<std::future<absl::StatusOr<std::unique_ptr<RemoteEngine>>>> starting;
  for (const std::string& device : options.devices) {
    starting.push_back(
        std::async(std::launch::async, [&] { return StartWorker(options, device, max_batch, stop); }));
  }
  std::vector<std::unique_ptr<Engine>> engines;
  for (auto& worker : starting) {
    ASSIGN_OR_RETURN(std::unique_ptr<RemoteEngine> engine, worker.get());
    const ModelInfo& model = engine->info();
    Log(LogLevel::kInfo, "worker started",
        {{"pid", engine->worker_pid()},
         {"device", model.device},
         {"model", model.name},
         {"precision", model.precision},
         {"self_test", SelfTestResultName(model.self_test.result)},
         {"digest", model.weights_digest.ToHex()}});
    engines.push_back(std::move(engine));
  }
  return engines;
}

}  // namespace sgpsam
