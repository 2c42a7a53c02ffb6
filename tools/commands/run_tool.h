// What a command-line tool does with its arguments: parses them, runs the one subcommand they name, tells
// what went wrong. Called by the mains of sgpsam-model and sgpsam-synthesize, from their only thread.
#ifndef SGPSAM_TOOLS_COMMANDS_RUN_TOOL_H_
#define SGPSAM_TOOLS_COMMANDS_RUN_TOOL_H_

#include <string>
#include <vector>

#include "tools/commands/commands.h"

namespace sgpsam::tools {

using AddCommand = void (*)(CLI::App& app, Action& chosen);

// The exit code: 0 done, 1 failed (the reason is on stderr), 2 wrong usage. No exception leaves it.
int RunTool(const std::string& name, const std::string& purpose, const std::vector<AddCommand>& commands,
            int argc, char** argv);

}  // namespace sgpsam::tools

#endif  // SGPSAM_TOOLS_COMMANDS_RUN_TOOL_H_
