#include "tools/commands/run_tool.h"

#include <cstdio>
#include <exception>

#include "absl/status/status.h"

namespace sgpsam::tools {
namespace {

constexpr int kOk = 0, kFailed = 1, kUsage = 2;

int Fail(const std::string& name, const std::string& reason) {
  std::fprintf(stderr, "%s: %s\n", name.c_str(), reason.c_str());
  return kFailed;
}

int ParseAndRun(CLI::App& app, const std::vector<AddCommand>& commands, int argc, char** argv) {
  app.footer("Exit codes: 0 done, 1 failed (the reason is on stderr), 2 wrong usage.");
  app.require_subcommand(1);
  Action chosen;
  for (const AddCommand add : commands) add(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  const absl::Status status = chosen();
  return status.ok() ? kOk : Fail(app.get_name(), std::string(status.message()));
}

}  // namespace

int RunTool(const std::string& name, const std::string& purpose, const std::vector<AddCommand>& commands,
            int argc, char** argv) {
  try {
    CLI::App app(purpose, name);
    return ParseAndRun(app, commands, argc, argv);
  } catch (const std::exception& error) {  // memory that is not there
    return Fail(name, error.what());
  }
}

}  // namespace sgpsam::tools
