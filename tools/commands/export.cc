// export: a model file becomes a PyTorch checkpoint that SAM-Med3D's own code loads.
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "core/base/status_macros.h"
#include "core/checkpoint/export_checkpoint.h"
#include "core/model_file/model_file.h"
#include "tools/commands/commands.h"
#include "tools/commands/model_choice.h"

namespace sgpsam::tools {
namespace {

struct Options {
  std::string model, out, precision = "fp32";
};

absl::Status Export(const Options& options) {
  ASSIGN_OR_RETURN(TensorFile file, ReadModelFile(options.model));
  const size_t tensors = file.tensors.size();
  RETURN_IF_ERROR(ExportCheckpoint(std::move(file), StoredTypes().at(options.precision), options.out));
  std::printf("wrote %s: %zu tensors\n", options.out.c_str(), tensors);
  return absl::OkStatus();
}

}  // namespace

void AddExport(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "export",
      "Turn a model file into a PyTorch checkpoint (.pth). SAM-Med3D's code loads its model_state_dict; "
      "the modules lie next to it in sgpm_state_dict, which that code ignores and `import` restores.");
  auto options = std::make_shared<Options>();
  command->add_option("model", options->model, "The safetensors file")->required();
  command->add_option("--out", options->out, "The .pth file to write")->required();
  command->add_option("--precision", options->precision, "Of all tensors: fp32, fp16 or bf16")
      ->check(CLI::IsMember(StoredTypes()))
      ->capture_default_str();
  command->callback([options, &chosen] { chosen = [options] { return Export(*options); }; });
}

}  // namespace sgpsam::tools
