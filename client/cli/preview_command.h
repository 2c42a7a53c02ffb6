// `sgpsam preview`: a picture of a segmentation over its source.
#ifndef SGPSAM_CLIENT_CLI_PREVIEW_COMMAND_H_
#define SGPSAM_CLIENT_CLI_PREVIEW_COMMAND_H_

#include <CLI/CLI.hpp>

namespace sgpsam::cli {

// Adds the subcommand; when it is called, its exit code goes to `exit_code`, which outlives `app`.
void AddPreviewCommand(CLI::App& app, int& exit_code);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_PREVIEW_COMMAND_H_
