// sgpsam-model: makes, imports, exports, inspects, trains, runs and evaluates model files.
#include "core/torch/openmp_policy.h"
#include "tools/commands/run_tool.h"

int main(int argc, char** argv) {
  sgpsam::SpinBriefly(argv);
  using namespace sgpsam::tools;
  return RunTool(
      "sgpsam-model",
      "Makes, imports, exports, inspects, trains, runs and evaluates the model files of sgpsam-server.",
      {AddMakeSeeded, AddImport, AddExport, AddAdapt, AddInfo, AddPrepare, AddRun, AddSynthesize, AddTrain,
       AddEvaluate},
      argc, argv);
}
