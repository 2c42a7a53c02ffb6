// import: a PyTorch checkpoint of SAM-Med3D becomes a model file.
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "core/base/status_macros.h"
#include "core/checkpoint/import_checkpoint.h"
#include "core/model_file/check_tensors.h"
#include "core/model_file/safetensors.h"
#include "tools/commands/commands.h"
#include "tools/commands/model_choice.h"

namespace sgpsam::tools {
namespace {

struct Options {
  std::string checkpoint, out, name, version;
  ModelChoice model;
};

absl::Status NameModel(const Options& options, ModelConfig& config) {
  if (!options.name.empty()) config.name = options.name;
  if (!options.version.empty()) config.version = options.version;
  return ValidateModelConfig(config);
}

absl::Status Import(const Options& options) {
  ModelConfig config = options.model.Get();
  RETURN_IF_ERROR(NameModel(options, config));
  ASSIGN_OR_RETURN(TensorFile file, ImportCheckpoint(options.checkpoint, config));
  ASSIGN_OR_RETURN(ModelConfig made, ReadModelConfig(file));  // a checkpoint may bring its own
  RETURN_IF_ERROR(NameModel(options, made));
  file.metadata[kModelConfigKey] = ToJson(made);
  RETURN_IF_ERROR(WriteSafetensorsFile(file, options.out));
  std::printf("wrote %s: %zu tensors\n", options.out.c_str(), file.tensors.size());
  return absl::OkStatus();
}

}  // namespace

void AddImport(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "import",
      "Turn a PyTorch checkpoint of SAM-Med3D (.pth, by any PyTorch) into a model file. Nothing in it is "
      "executed. A file by `export` brings its own configuration and modules; --no-sgpm leaves them out.");
  auto options = std::make_shared<Options>();
  command
      ->add_option("checkpoint", options->checkpoint, "What SAM-Med3D's train.py saved, or a bare state dict")
      ->required();
  command->add_option("--out", options->out, "The safetensors file to write")->required();
  command->add_option("--name", options->name, "The model's name in results and metrics");
  command->add_option("--model-version", options->version, "Its version");
  options->model.AddOptions(*command);
  command->callback([options, &chosen] { chosen = [options] { return Import(*options); }; });
}

}  // namespace sgpsam::tools
