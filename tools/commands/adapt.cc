// adapt: give a trained model what it was made without (scalings of intensities, a mask refiner, a grid that
// hangs on the click), in such a way that it starts from what it can do. To be trained on afterwards.
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/model_file/check_tensors.h"
#include "core/model_file/convert_tensor.h"
#include "core/model_file/model_file.h"
#include "core/model_file/safetensors.h"
#include "tools/commands/commands.h"
#include "tools/learn/train/fresh_model.h"

namespace sgpsam::tools {
namespace {

struct Options {
  std::string model, out, grid_origin;
  std::vector<std::string> scalings;
  int refiner_channels = 0;
  uint64_t seed = 1;
};

// "CT=-160:240,-1000:1000", or "=2.5sd,10sd" for windows of so many standard deviations about the mean.
absl::StatusOr<IntensityScaling> ParseScaling(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(text, absl::MaxSplits('=', 1));
  const auto wrong = [&] {
    return absl::InvalidArgumentError(
        absl::StrCat("--scale ", text,
                     ": write MODALITY=LOW:HIGH,LOW:HIGH or MODALITY=Nsd,Nsd, as in CT=-160:240,-1000:1000; "
                     "the modality is empty for all others"));
  };
  IntensityScaling scaling;
  scaling.modality = std::string(sides.first);
  if (sides.second.empty()) return wrong();
  for (const absl::string_view part : absl::StrSplit(sides.second, ',')) {
    const bool first = scaling.windows.empty();
    IntensityWindow& window = scaling.windows.emplace_back();
    if (absl::string_view number = part; absl::ConsumeSuffix(&number, "sd")) {
      if (!absl::SimpleAtod(number, &window.high) || (!first && !scaling.by_deviation)) return wrong();
      window.low = -window.high;
      scaling.by_deviation = true;
      continue;
    }
    const std::vector<absl::string_view> ends = absl::StrSplit(part, ':');
    if (ends.size() != 2 || scaling.by_deviation || !absl::SimpleAtod(ends[0], &window.low) ||
        !absl::SimpleAtod(ends[1], &window.high)) {
      return wrong();
    }
  }
  return scaling;
}

absl::Status Adapt(const Options& options) {
  RETURN_IF_ERROR(CheckPlace(options.out));
  ASSIGN_OR_RETURN(TensorFile file, ReadModelFile(options.model));
  for (auto& [name, tensor] : file.tensors) {
    ASSIGN_OR_RETURN(tensor, ConvertTensor(name, std::move(tensor), TensorType::kFloat32));
  }
  if (!options.scalings.empty()) {
    std::vector<IntensityScaling> scalings;
    for (const std::string& text : options.scalings) {
      ASSIGN_OR_RETURN(scalings.emplace_back(), ParseScaling(text));
    }
    RETURN_IF_ERROR(SetIntensities(scalings, file));
  }
  if (options.refiner_channels > 0) {
    RETURN_IF_ERROR(AddFreshRefiner(options.refiner_channels, options.seed, file));
  }
  ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(file));
  if (!options.grid_origin.empty()) {
    config.grid_origin = options.grid_origin == "focus" ? GridOrigin::kFocus : GridOrigin::kVolume;
  }
  config.calibration.clear();  // of masks of another model
  file.metadata[kModelConfigKey] = ToJson(config);
  RETURN_IF_ERROR(WriteSafetensorsFile(file, options.out));
  std::printf("wrote %s\n", options.out.c_str());
  return absl::OkStatus();
}

}  // namespace

void AddAdapt(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "adapt",
      "Give a model scalings of intensities, a mask refiner or a grid on the click; train it afterwards.");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "The model to start from")->required();
  command->add_option("--out", options->out, "The model file to write, float32")->required();
  command->add_option(
      "--scale", options->scalings,
      "MODALITY=LOW:HIGH,LOW:HIGH: a window for each channel, or MODALITY=Nsd,Nsd: so many standard "
      "deviations about the volume's mean; an empty modality is every other");
  command
      ->add_option("--refiner-channels", options->refiner_channels,
                   "Of a mask refiner, which sees prompts where they lie; 0: none is added")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  command
      ->add_option("--grid-origin", options->grid_origin,
                   "What a patch's grid hangs on: volume or focus (the click)")
      ->check(CLI::IsMember({"volume", "focus"}));
  command->add_option("--seed", options->seed, "Of fresh weights")->capture_default_str();
  command->callback([options, &chosen] { chosen = [options] { return Adapt(*options); }; });
}

}  // namespace sgpsam::tools
