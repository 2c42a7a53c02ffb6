// `sgpsam`: the client on a command line.
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/exit_code.h"
#include "client/cli/model_command.h"
#include "client/cli/preview_command.h"
#include "client/cli/segment_command.h"

namespace {

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// The first word that is no option should be a command. Empty if it is, or if there is none.
std::string UnknownCommand(const CLI::App& app, const std::vector<std::string>& words) {
  const auto word =
      std::find_if(words.begin(), words.end(), [](const std::string& w) { return w.rfind('-', 0) != 0; });
  if (word == words.end()) return "";
  const std::vector<std::string> names = CommandNames(app);
  return std::find(names.begin(), names.end(), *word) == names.end() ? *word : "";
}

// --help and --version come this way too, with code 0.
int Usage(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words) {
  if (error.get_exit_code() == 0) return app.exit(error);
  const std::string unknown = UnknownCommand(app, words);
  const std::string message = unknown.empty()
                                  ? std::string(error.what())
                                  : absl::StrCat("there is no command '", unknown,
                                                 "'; there are: ", absl::StrJoin(CommandNames(app), ", "));
  const bool json = std::find(words.begin(), words.end(), "--json") != words.end();
  return sgpsam::cli::Fail(
      absl::InvalidArgumentError(json ? message : absl::StrCat(message, " (see --help)")),
      sgpsam::cli::kExitUsage, json);
}

}  // namespace

int main(int argc, char** argv) {
  setenv("GRPC_VERBOSITY", "NONE", 0);  // gRPC would write of a failed handshake, too, beside the error
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
  } catch (const CLI::ParseError& error) {
    return Usage(app, error, std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
  }
  return exit_code;
}
