// The subcommands of sgpsam-model, one file each (sgpsam-synthesize has the one). Add…(app, chosen) declares
// a subcommand with its options; when the command line names it, `chosen` becomes what it does. Called by
// run_tool.h. An action prints its result on stdout, leaves no half-written file,
// and returns what went wrong.
#ifndef SGPSAM_TOOLS_COMMANDS_COMMANDS_H_
#define SGPSAM_TOOLS_COMMANDS_COMMANDS_H_

#include <functional>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"

namespace sgpsam::tools {

using Action = std::function<absl::Status()>;

void AddMakeSeeded(CLI::App& app, Action& chosen);
void AddImport(CLI::App& app, Action& chosen);
void AddExport(CLI::App& app, Action& chosen);
void AddInfo(CLI::App& app, Action& chosen);
void AddRun(CLI::App& app, Action& chosen);
void AddPrepare(CLI::App& app, Action& chosen);
void AddSynthesize(CLI::App& app, Action& chosen);
void AddTrain(CLI::App& app, Action& chosen);
void AddAdapt(CLI::App& app, Action& chosen);
void AddEvaluate(CLI::App& app, Action& chosen);

}  // namespace sgpsam::tools

#endif  // SGPSAM_TOOLS_COMMANDS_COMMANDS_H_
