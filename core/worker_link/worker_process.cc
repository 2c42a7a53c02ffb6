#include "core/worker_link/worker_process.h"

#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sgpsam {
namespace {

// A dying process closes its socket a moment before it can be waited for.
constexpr int kEndTries = 500;
constexpr absl::Duration kEndPause = absl::Milliseconds(1);

std::string Describe(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return absl::StrCat("was killed by signal ", signal, " (", strsignal(signal), ")");
  }
  return absl::StrCat("exited with status ", WEXITSTATUS(status));
}

// The C objects that posix_spawn wants, freed on every way out.
struct SpawnPlan {
  SpawnPlan() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
};

void PlanSpawn(SpawnPlan& plan, int socket) {
  posix_spawn_file_actions_adddup2(&plan.files, socket, kWorkerSocketFd);
  posix_spawn_file_actions_addclosefrom_np(&plan.files, kWorkerSocketFd + 1);
  // Whatever the server blocks or ignores, the worker starts with the system's defaults.
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&plan.attributes, &none);
  posix_spawnattr_setsigdefault(&plan.attributes, &all);
  posix_spawnattr_setpgroup(&plan.attributes, 0);
  posix_spawnattr_setflags(&plan.attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

}  // namespace

absl::StatusOr<WorkerProcess> WorkerProcess::Start(const std::string& binary,
                                                   const std::vector<std::string>& arguments,
                                                   UniqueFd socket) {
  std::vector<std::string> words = {binary, absl::StrCat("--fd=", kWorkerSocketFd)};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  SpawnPlan plan;
  PlanSpawn(plan, socket.get());
  pid_t pid = -1;
  const int error = posix_spawn(&pid, binary.c_str(), &plan.files, &plan.attributes, argv.data(), environ);
  if (error != 0) {
    return absl::ErrnoToStatus(error, absl::StrCat("cannot start the worker program '", binary, "'"));
  }
  return WorkerProcess(pid);
}

std::string WorkerProcess::End() {
  for (int i = 0; i < kEndTries && pid_ > 0; ++i) {
    int status = 0;
    const pid_t ended = waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) {
      pid_ = -1;
      return Describe(status);
    }
    if (ended < 0 && errno != EINTR) break;
    absl::SleepFor(kEndPause);
  }
  return Kill();
}

std::string WorkerProcess::Kill() {
  if (pid_ <= 0) return "was not running";
  kill(pid_, SIGKILL);
  int status = 0;
  pid_t ended = -1;
  do {
    ended = waitpid(pid_, &status, 0);
  } while (ended < 0 && errno == EINTR);
  const bool known = ended == pid_;
  pid_ = -1;
  return known ? Describe(status) : "ended, nobody knows how";
}

}  // namespace sgpsam
