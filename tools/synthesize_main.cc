// sgpsam-synthesize: `sgpsam-model synthesize` by itself, without LibTorch and training. It is what `make
// demo` needs, and a fifth of the tools to build.
#include "tools/commands/run_tool.h"

int main(int argc, char** argv) {
  using namespace sgpsam::tools;
  return RunTool("sgpsam-synthesize", "Makes CT whose lesions are known.", {AddSynthesize}, argc, argv);
}
