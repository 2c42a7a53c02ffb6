// make-seeded: weights that anyone can make again from a number.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "core/base/status_macros.h"
#include "core/model_file/safetensors.h"
#include "core/model_file/seeded_weights.h"
#include "tools/commands/commands.h"
#include "tools/commands/model_choice.h"

namespace sgpsam::tools {
namespace {

struct Options {
  uint64_t seed = 1;
  ModelChoice model;
  std::string out;
};

absl::Status MakeSeeded(const Options& options) {
  const TensorFile file = SeededModel(options.model.Get(), options.seed);
  RETURN_IF_ERROR(WriteSafetensorsFile(file, options.out));
  std::printf("wrote %s: %zu tensors\n", options.out.c_str(), file.tensors.size());
  return absl::OkStatus();
}

}  // namespace

void AddMakeSeeded(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "make-seeded",
      "Write a model of seeded noise: it computes exactly what it should, and segments nothing.");
  auto options = std::make_shared<Options>();
  command->add_option("--seed", options->seed, "Any number; the same number makes the same file")->required();
  options->model.AddOptions(*command);
  command->add_option("--out", options->out, "The safetensors file to write")->required();
  command->callback([options, &chosen] { chosen = [options] { return MakeSeeded(*options); }; });
}

}  // namespace sgpsam::tools
