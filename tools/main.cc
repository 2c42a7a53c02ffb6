// sgpsam-model: makes, imports, exports, inspects, trains, runs and measures model files.
#include <cstdio>
#include <exception>

#include "core/engine/openmp_policy.h"
#include "tools/commands/commands.h"

namespace {

constexpr int kOk = 0, kFailed = 1, kUsage = 2;

int Run(int argc, char** argv) {
  CLI::App app("Makes, imports, exports, inspects, runs and measures the model files of sgpsam-server.",
               "sgpsam-model");
  app.footer("Exit codes: 0 done, 1 failed (the reason is on stderr), 2 wrong usage.");
  app.require_subcommand(1);
  sgpsam::tools::Action chosen;
  sgpsam::tools::AddMakeSeeded(app, chosen);
  sgpsam::tools::AddImport(app, chosen);
  sgpsam::tools::AddExport(app, chosen);
  sgpsam::tools::AddInfo(app, chosen);
  sgpsam::tools::AddPrepare(app, chosen);
  sgpsam::tools::AddRun(app, chosen);
  sgpsam::tools::AddSynthesize(app, chosen);
  sgpsam::tools::AddTrain(app, chosen);
  sgpsam::tools::AddEvaluate(app, chosen);
  sgpsam::tools::AddBench(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  const absl::Status status = chosen();
  if (status.ok()) return kOk;
  std::fprintf(stderr, "sgpsam-model: %s\n", std::string(status.message()).c_str());
  return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  sgpsam::SpinBriefly(argv);
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {  // memory that is not there
    std::fprintf(stderr, "sgpsam-model: %s\n", error.what());
    return kFailed;
  }
}
