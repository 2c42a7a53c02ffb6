// What the exit code of `sgpsam` tells a script. Documented in --help; never renumber.
#ifndef SGPSAM_CLIENT_CLI_EXIT_CODE_H_
#define SGPSAM_CLIENT_CLI_EXIT_CODE_H_

#include "absl/status/status.h"

namespace sgpsam::cli {

enum ExitCode {
  kExitOk = 0,
  kExitFailed = 1,        // all else: a file that is not there, the server's own fault, a broken connection
  kExitUsage = 2,         // the command line is wrong
  kExitRefused = 3,       // the input is wrong or cannot be segmented; trying again does not help
  kExitUnavailable = 4,   // the server is away, draining or full; try again later
  kExitDeadline = 5,      // --deadline passed
  kExitNothingFound = 6,  // done and written, but for at least one target nothing was found
};

inline constexpr const char* kExitCodesHelp =
    "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 the input was refused (trying again does not help);\n"
    "4 the server is unavailable or busy (try again later); 5 the deadline passed;\n"
    "6 done and written, but at the prompts of at least one target nothing was found.";

// For what the server answered.
ExitCode ExitCodeOf(const absl::Status& status);

// For input that was read and checked here, before a server was asked: what is wrong with it is kExitRefused,
// as the server would say; a file that cannot be had is kExitFailed.
ExitCode ExitCodeOfInput(const absl::Status& status);

// Prints the status (as one JSON object on stdout, with "reason" and "metadata" where a reason is known,
// or a line on stderr) and returns `code`.
int Fail(const absl::Status& status, ExitCode code, bool json);
inline int Fail(const absl::Status& status, bool json) { return Fail(status, ExitCodeOf(status), json); }
inline int FailForInput(const absl::Status& status, bool json) {
  return Fail(status, ExitCodeOfInput(status), json);
}
// For client::Volume::FromPath and FromFiles: which of several series is meant is told by --series.
int FailToReadVolume(const absl::Status& status, bool json);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_EXIT_CODE_H_
