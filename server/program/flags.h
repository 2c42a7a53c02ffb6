// The command line of sgpsam-server and sgpsam-worker: the Abseil flags that one source file of the program
// defines, set from the environment, flag files and arguments, and listed by --help. Abseil's own parser
// stays out: it ends the process itself, with 1 for a mistake and for --help alike, and lists its own flags
// first. For main, before any thread starts; the tests call it too.
#ifndef SGPSAM_SERVER_PROGRAM_FLAGS_H_
#define SGPSAM_SERVER_PROGRAM_FLAGS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sgpsam {

struct Program {
  std::string name;         // "sgpsam-server"
  std::string summary;      // what it does, a sentence or two; an example
  std::string flags_file;   // which flags are its own: those of the source file whose path ends so
  std::string environment;  // variables with this prefix and a flag's name in capitals set it; empty: none do
  // Variables with this longer prefix are those of another program, which may run in the same environment.
  std::string other_environment = "";
};

// The project's version, "0.1.0".
absl::string_view SoftwareVersion();

// Sets the flags: the command line wins over the environment, a later argument over an earlier one. Flags are
// written --name=value or --name value; --flagfile=FILE stands for the flags in FILE, one a line, # for
// comments. Returns what --help, --help=markdown or --version ask for, to be printed instead of a run, and ""
// for a run. INVALID_ARGUMENT names the flag or variable that does not exist or cannot be read.
absl::StatusOr<std::string> ReadFlags(const Program& program, absl::Span<const std::string> arguments);

// The same for main: prints what is to be printed and returns the exit code if the program ends with that,
// 0 or, for a mistake, kUsageError.
inline constexpr int kUsageError = 2;
std::optional<int> EndsWithFlags(const Program& program, int argc, char** argv);

// Prints the mistake and where to look; returns kUsageError.
int ReportUsageError(const Program& program, const absl::Status& mistake);

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_PROGRAM_FLAGS_H_
