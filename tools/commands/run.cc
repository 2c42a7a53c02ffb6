// run: one patch and its clicks through the model, step by step, as the golden data records it.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "core/base/status_macros.h"
#include "core/engine/engine.h"
#include "core/model_file/safetensors.h"
#include "core/torch/torch_engine.h"
#include "core/transform/restore.h"
#include "tools/commands/commands.h"
#include "tools/commands/parse.h"
#include "tools/commands/tensor_values.h"

namespace sgpsam::tools {
namespace {

struct Options {
  std::string model, patch, out;
  std::vector<std::string> clicks;
  TorchEngineOptions engine;
};

// The tensor `input`, or `roi` as `prepare` names it.
absl::StatusOr<Patch> ReadPatch(const std::string& path, const PatchSizes& sizes) {
  const std::vector<int64_t> shape = {1, sizes.patch_channels, sizes.patch, sizes.patch, sizes.patch};
  ASSIGN_OR_RETURN(const TensorFile file, ReadSafetensorsFile(path));
  for (const char* name : {"input", "roi"}) {
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end()) continue;
    const NamedTensor& tensor = found->second;
    if (tensor.type != TensorType::kFloat32 || tensor.shape != shape) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": tensor ", name, " is not F32 of shape [", absl::StrJoin(shape, ","), "]"));
    }
    return Patch{ValuesOf<float>(tensor)};
  }
  return absl::InvalidArgumentError(absl::StrCat(path, ": has neither a tensor `input` nor `roi`"));
}

absl::StatusOr<std::vector<Click>> ReadClicks(const std::vector<std::string>& texts, int64_t side) {
  if (texts.size() > kMaxClicks)
    return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxClicks, " clicks"));
  std::vector<Click> clicks;
  for (const std::string& text : texts) {
    const Click click = *ParseClick(text);  // checked by the command line
    for (const float position : {click.i, click.j, click.k}) {
      if (!(position >= 0 && position <= static_cast<float>(side - 1))) {
        return absl::InvalidArgumentError(
            absl::StrCat("click ", text, " lies outside the patch, 0..", side - 1));
      }
    }
    clicks.push_back(click);
  }
  return clicks;
}

absl::StatusOr<std::shared_ptr<const Embedding>> Encode(Engine& engine, const Patch& patch) {
  auto embeddings = engine.Encode({&patch});
  RETURN_IF_ERROR(embeddings.front().status());
  return std::make_shared<const Embedding>(*std::move(embeddings.front()));
}

absl::StatusOr<MaskLogits> Decode(Engine& engine, const DecodeInput& input) {
  auto masks = engine.Decode({&input});
  return std::move(masks.front());
}

// Every step decodes all clicks so far and the logits of the step before.
absl::Status RunClicks(Engine& engine, const std::vector<Click>& clicks, DecodeInput input, TensorFile& out) {
  const PatchSizes& sizes = engine.info().sizes;
  const int64_t side = sizes.logits_side;
  for (size_t n = 1; n <= clicks.size(); ++n) {
    input.clicks.push_back(clicks[n - 1]);
    ASSIGN_OR_RETURN(MaskLogits mask, Decode(engine, input));
    const std::string step = absl::StrCat("click", n, ".");
    const std::vector<uint8_t> bits = PatchMaskBits(mask, sizes);
    out.tensors[step + "low_res"] = TensorOf<float>(mask.values, {1, 1, side, side, side});
    out.tensors[step + "iou"] = TensorOf<float>({mask.iou_prediction}, {1, 1});
    out.tensors[step + "mask_bits"] = TensorOf<uint8_t>(bits, {static_cast<int64_t>(bits.size())});
    input.mask_logits = std::move(mask.values);
  }
  return absl::OkStatus();
}

absl::Status Run(const Options& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TorchEngine> engine,
                   TorchEngine::Create(options.model, options.engine));
  const PatchSizes& sizes = engine->info().sizes;
  ASSIGN_OR_RETURN(const std::vector<Click> clicks, ReadClicks(options.clicks, sizes.patch));
  ASSIGN_OR_RETURN(const Patch patch, ReadPatch(options.patch, sizes));
  DecodeInput input;
  ASSIGN_OR_RETURN(input.embedding, Encode(*engine, patch));
  TensorFile out;
  const int64_t side = sizes.embedding_side;
  const absl::Span<const float> values = input.embedding->values;
  const auto tokens = static_cast<size_t>(sizes.token_floats());
  out.tensors["embedding"] =
      TensorOf<float>(values.first(tokens), {1, sizes.embedding_channels, side, side, side});
  if (const int64_t cells = sizes.logits_side; sizes.detail_channels > 0) {
    out.tensors["detail"] =
        TensorOf<float>(values.subspan(tokens), {1, sizes.detail_channels, cells, cells, cells});
  }
  const std::vector<float>& gates = input.embedding->gate_scores;
  if (!gates.empty())
    out.tensors["gate_scores"] = TensorOf<float>(gates, {static_cast<int64_t>(gates.size())});
  RETURN_IF_ERROR(RunClicks(*engine, clicks, std::move(input), out));
  RETURN_IF_ERROR(WriteSafetensorsFile(out, options.out));
  std::printf("wrote %s: embedding and %zu clicks, %s on %s\n", options.out.c_str(), clicks.size(),
              engine->info().precision.c_str(), engine->info().device.c_str());
  return absl::OkStatus();
}

}  // namespace

void AddRun(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("run", "Run the model on one patch and write what it computes at every click.");
  auto options = std::make_shared<Options>();
  options->engine.device = "cpu";  // the reference's own numbers are float32 on a processor
  options->engine.precision = "fp32";
  options->engine.warm_up = false;
  command->add_option("--model", options->model, "Model file (.safetensors)")->required();
  command
      ->add_option("--patch", options->patch,
                   "Safetensors file with a tensor `input` or `roi`, as `prepare` writes it")
      ->required();
  command
      ->add_option("--click", options->clicks,
                   "Patch voxel, and + inside or - outside the target; repeat, in order")
      ->required()
      ->check(IsClick());
  command
      ->add_option("--out", options->out,
                   "Safetensors file to write: embedding, clickN.low_res, .iou, .mask_bits")
      ->required();
  command->add_option("--precision", options->engine.precision, "auto, fp32 or bf16")
      ->check(CLI::IsMember({"auto", "fp32", "bf16"}))
      ->capture_default_str();
  command->add_option("--device", options->engine.device, "auto, cpu or cuda:N")->capture_default_str();
  command->add_option("--threads", options->engine.threads, "Processor cores; 0: all")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->callback([options, &chosen] { chosen = [options] { return Run(*options); }; });
}

}  // namespace sgpsam::tools
