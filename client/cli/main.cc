// `sgpsam`: the client on a command line.
#include <CLI/CLI.hpp>

#include "client/cli/exit_code.h"
#include "client/cli/model_command.h"
#include "client/cli/preview_command.h"
#include "client/cli/segment_command.h"

int main(int argc, char** argv) {
  CLI::App app("Segments lesions in 3D medical images on an sgpsam-server.", "sgpsam");
  app.require_subcommand(1);
  app.set_version_flag("--version", SGPSAM_VERSION);
  app.footer(sgpsam::cli::kExitCodesHelp);
  int exit_code = sgpsam::cli::kExitOk;
  sgpsam::cli::AddSegmentCommand(app, exit_code);
  sgpsam::cli::AddPreviewCommand(app, exit_code);
  sgpsam::cli::AddModelCommand(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // --help and --version come this way too, with code 0
    return app.exit(error) == 0 ? sgpsam::cli::kExitOk : sgpsam::cli::kExitUsage;
  }
  return exit_code;
}
