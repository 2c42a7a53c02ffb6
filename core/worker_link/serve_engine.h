// The worker's end of the worker link: answers the server's commands with an Engine until the server
// hangs up. Called by the main function of a worker program; nothing here needs LibTorch.
#ifndef SGPSAM_CORE_WORKER_LINK_SERVE_ENGINE_H_
#define SGPSAM_CORE_WORKER_LINK_SERVE_ENGINE_H_

#include "absl/status/status.h"
#include "core/engine/engine.h"

namespace sgpsam {

// First thing in a worker's main: from now on the process ends as soon as the server's end of `socket`
// is closed, whatever it is computing, so that a server that dies leaves no orphan. (A parent-death
// signal would not do: it fires when the thread that started the worker ends, not the process.) Also
// ignores the signals that a service manager or terminal sends to a whole group: the server decides
// when its workers end.
void EndWithServer(int socket);

// Says hello and serves. OK when the server hangs up.
absl::Status ServeEngine(int socket, Engine& engine);

// Instead of ServeEngine, when there is no engine: the server shows `error` to its operator.
void ReportStartupError(int socket, const absl::Status& error);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_WORKER_LINK_SERVE_ENGINE_H_
