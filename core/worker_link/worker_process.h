// One child process: started with a socket as its only link to us, and gone when this object is.
// Used by one thread at a time.
#ifndef SGPSAM_CORE_WORKER_LINK_WORKER_PROCESS_H_
#define SGPSAM_CORE_WORKER_LINK_WORKER_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/worker_link/unique_fd.h"

namespace sgpsam {

// The descriptor under which a worker finds its end of the link.
inline constexpr int kWorkerSocketFd = 3;

class WorkerProcess {
 public:
  WorkerProcess() = default;
  ~WorkerProcess() { Kill(); }
  WorkerProcess(WorkerProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  WorkerProcess& operator=(WorkerProcess&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
  }

  // Starts `binary --fd=3 arguments…` with `socket` as descriptor 3 and nothing else open but standard
  // input, output and error. It gets a process group of its own, so that a Ctrl-C at the server's
  // terminal lets the server drain first. NOT_FOUND or PERMISSION_DENIED if it cannot be run.
  static absl::StatusOr<WorkerProcess> Start(const std::string& binary,
                                             const std::vector<std::string>& arguments, UniqueFd socket);

  pid_t pid() const { return pid_; }  // -1: none

  // Makes sure that the process is gone and says how it ended: "was killed by signal 9 (Killed)",
  // "exited with status 1". One that is already on its way out is given a moment to end by itself.
  std::string End();
  // At once.
  std::string Kill();

 private:
  explicit WorkerProcess(pid_t pid) : pid_(pid) {}

  pid_t pid_ = -1;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_WORKER_LINK_WORKER_PROCESS_H_
