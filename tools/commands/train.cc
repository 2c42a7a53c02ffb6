// train: transfer a model to lesions, or pretrain a small one, on a folder of cases or on made-up ones.
#include <ATen/Parallel.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/model/check_tensors.h"
#include "core/model/convert_tensor.h"
#include "core/model/safetensors.h"
#include "core/train/fresh_model.h"
#include "core/train/training.h"
#include "core/transform/placement.h"
#include "tools/commands/case_choice.h"
#include "tools/commands/commands.h"
#include "tools/commands/model_choice.h"
#include "tools/training/training_log.h"

namespace sgpsam::tools {
namespace {

struct Options {
  std::string model, out, loss = "zoom", gate = "self", precision = "float32", store = "fp32";
  ModelChoice fresh;
  std::vector<std::string> parts{"sgpm", "mask_decoder"};
  std::vector<double> spacing{1.5, 1.5};
  std::vector<int> modules;
  int detail_channels = 0;
  CaseChoice cases;
  TrainingOptions training;
  std::optional<double> focal_weight;
  std::optional<int64_t> gate_warm_up;
  int threads = 0;
  int64_t save_every = 200, validate_every = 200, validation_samples = 64;
  double memory_gib = 8;
};

absl::StatusOr<TensorFile> FirstWeights(const Options& options) {
  if (options.model.empty()) return FreshModel(options.fresh.Get(), options.training.seed);
  return ReadSafetensorsFile(options.model);
}

// The gate as the run wants it: `always` opens it for good, `never` takes the modules away.
absl::Status ApplyGate(const std::string& gate, TensorFile& file) {
  ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(file));
  if (gate == "always") config.sgpm.threshold = 0;
  if (gate == "never") {
    config.sgpm.blocks.clear();
    for (auto at = file.tensors.begin(); at != file.tensors.end();) {
      at = absl::StartsWith(at->first, "sgpm.") ? file.tensors.erase(at) : std::next(at);
    }
  }
  file.metadata[kModelConfigKey] = ToJson(config);
  return absl::OkStatus();
}

absl::Status NoteSpacing(double finest_mm, TensorFile& file) {
  ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(file));
  config.finest_spacing_mm = finest_mm < Placement().spacing_mm ? static_cast<float>(finest_mm) : 0;
  file.metadata[kModelConfigKey] = ToJson(config);
  return absl::OkStatus();
}

TrainingOptions Complete(const Options& options) {
  TrainingOptions training = options.training;
  training.step.loss.kind = options.loss == "zoom" ? LossKind::kZoom : LossKind::kDiceCrossEntropy;
  training.step.loss.other_weight =
      options.focal_weight.value_or(options.loss == "zoom" ? kFocalWeight : 1.0);
  training.gate_warm_up = options.gate_warm_up.value_or(training.steps / 3);
  training.precision = options.precision == "bf16" ? Precision::kBfloat16 : Precision::kFloat32;
  const auto trains = [&](const char* part) {
    return std::find(options.parts.begin(), options.parts.end(), part) != options.parts.end();
  };
  training.parts = {trains("image_encoder"), trains("sgpm"), trains("prompt_encoder"),
                    trains("mask_decoder")};
  training.sample.min_spacing_mm = options.spacing.front();
  training.sample.max_spacing_mm = options.spacing.back();
  return training;
}

// Steps until all are done, with what belongs to them: log, progress line, validation, state.
class Run {
 public:
  Run(const Options& options, Training& training, const CaseMemory& validation, TrainingLog& log,
      std::string data)
      : options_(options), training_(training), validation_(validation), log_(log), data_(std::move(data)) {}

  absl::Status ToTheEnd() {
    const int64_t first = training_.steps_done(), all = options_.training.steps;
    const absl::Time start = absl::Now();
    while (training_.steps_done() < all) {
      ASSIGN_OR_RETURN(const StepReport report, training_.Step());
      log_.AddStep(report);
      const bool last = report.step == all;
      if (last || report.step % options_.validate_every == 0) RETURN_IF_ERROR(Validate());
      if (last || report.step % options_.save_every == 0) RETURN_IF_ERROR(Save());
      if (last || report.step % kProgressEvery == 0) {
        const absl::Duration each = (absl::Now() - start) / (report.step - first);
        std::printf("%s\n", log_.ProgressLine(all, each).c_str());
        std::fflush(stdout);
      }
    }
    return absl::OkStatus();
  }

 private:
  static constexpr int64_t kProgressEvery = 20;

  absl::Status Validate() {
    if (options_.validation_samples == 0 || validation_.source().size() == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(const StepReport report, training_.Validate(validation_, options_.validation_samples));
    log_.AddValidation(report);
    return absl::OkStatus();
  }
  // The log first: its lines behind the state are dropped when the run goes on, but missing ones are lost.
  absl::Status Save() {
    RETURN_IF_ERROR(log_.Write());
    return training_.Save(options_.out + ".state", data_);
  }

  const Options& options_;
  Training& training_;
  const CaseMemory& validation_;
  TrainingLog& log_;
  const std::string data_;
};

void Warn(const absl::Status& status) {
  std::fprintf(stderr, "sgpsam-model: passed over: %s\n", std::string(status.message()).c_str());
}

// What a state must have been made with, besides the options of its training.
absl::StatusOr<std::string> DescribeData(const Options& options) {
  std::string weights = "fresh";
  if (!options.model.empty()) {
    ASSIGN_OR_RETURN(const Digest digest, DigestOfFile(options.model));
    weights = absl::StrCat("model=", digest.ToHex());
  }
  return absl::StrCat(weights, " ", options.cases.Describe(), " gate=", options.gate,
                      " modules=", absl::StrJoin(options.modules, "+"), " detail=", options.detail_channels);
}

// A place that nothing can be written to is known before hours are spent.
absl::Status CheckPlace(const std::string& out) {
  if (std::filesystem::is_directory(out))
    return absl::InvalidArgumentError(absl::StrCat(out, " is a folder"));
  return AtomicFile::Create(out).status();
}

absl::Status Preload(const CaseMemory& cases) {
  const absl::Time start = absl::Now();
  const auto threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  cases.Preload(threads, [&](int64_t) { return true; });
  std::printf("%lld cases at hand after %.0f s\n", static_cast<long long>(cases.source().size()),
              absl::ToDoubleSeconds(absl::Now() - start));
  std::fflush(stdout);
  return absl::OkStatus();
}

absl::Status WriteModel(TensorFile file, const Options& options) {
  for (auto& [name, tensor] : file.tensors) {
    ASSIGN_OR_RETURN(tensor, ConvertTensor(name, std::move(tensor), StoredTypes().at(options.store)));
  }
  return WriteSafetensorsFile(file, options.out);
}

// Every step allocates and frees the same hundreds of megabytes: give none back in between, because the
// kernel clears each page that is asked for again.
void KeepFreedMemory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
}

absl::Status Train(const Options& options) {
  KeepFreedMemory();
  if (options.threads > 0) at::set_num_threads(options.threads);
  RETURN_IF_ERROR(CheckPlace(options.out));
  ASSIGN_OR_RETURN(TensorFile file, FirstWeights(options));
  if (!options.modules.empty())
    RETURN_IF_ERROR(AddFreshModules(options.modules, options.detail_channels, options.training.seed, file));
  RETURN_IF_ERROR(ApplyGate(options.gate, file));
  RETURN_IF_ERROR(NoteSpacing(options.spacing.front(), file));
  ASSIGN_OR_RETURN(const TrainingCases sources, options.cases.Open());
  const auto memory = static_cast<size_t>(options.memory_gib * 1024 * 1024 * 1024);
  const CaseMemory cases(*sources.training, memory - memory / 4, Warn),
      validation(*sources.validation, memory / 4, Warn);
  ASSIGN_OR_RETURN(const std::unique_ptr<Training> training,
                   Training::Create(file, cases, Complete(options)));
  ASSIGN_OR_RETURN(const std::string data, DescribeData(options));
  absl::Status restored = training->Restore(options.out + ".state", data);
  if (!restored.ok() && !absl::IsNotFound(restored)) return restored;
  ASSIGN_OR_RETURN(TrainingLog log, TrainingLog::Open(options.out, training->steps_done()));
  if (restored.ok())
    std::printf("going on after step %lld\n", static_cast<long long>(training->steps_done()));
  RETURN_IF_ERROR(Preload(cases));
  RETURN_IF_ERROR(Run(options, *training, validation, log, data).ToTheEnd());
  RETURN_IF_ERROR(WriteModel(training->parameters().ToFile(), options));
  std::printf("wrote %s\n", options.out.c_str());
  return absl::OkStatus();
}

void AddSchedule(CLI::App& command, Options& options) {
  TrainingOptions& t = options.training;
  command.add_option("--steps", t.steps, "Steps in all")->capture_default_str();
  command.add_option("--batch", t.batch, "Patches that share a pass")->capture_default_str();
  command.add_option("--accumulate", t.accumulate, "Passes in a step; they share the cores")
      ->capture_default_str();
  command.add_option("--precision", options.precision, "float32, or bf16 for the image encoder's products")
      ->check(CLI::IsMember({"float32", "bf16"}))
      ->capture_default_str();
  command.add_option("--lr", t.learning_rate, "Learning rate at its peak; cosine after the warm-up")
      ->capture_default_str();
  command.add_option("--warm-up", t.warm_up, "Steps over which it rises")->capture_default_str();
  command.add_option("--weight-decay", t.optimiser.weight_decay, "AdamW's")->capture_default_str();
  command.add_option("--seed", t.seed, "Order, clicks, augmentation; weights without --model")
      ->capture_default_str();
}

void AddLoss(CLI::App& command, Options& options) {
  StepOptions& step = options.training.step;
  command.add_option("--clicks", step.clicks, "Clicks on every sample")->capture_default_str();
  command
      .add_option("--refine", step.refine, "How likely a click behind the first is left out, the mask kept")
      ->capture_default_str();
  command.add_option("--loss", options.loss, "zoom (Dice + voxel-balanced focal) or dice-ce")
      ->check(CLI::IsMember({"zoom", "dice-ce"}))
      ->capture_default_str();
  command.add_option("--dice-weight", step.loss.dice_weight, "Of the Dice term")->capture_default_str();
  command.add_option("--focal-weight", options.focal_weight,
                     "Of the other term; unless given, 0.1 of the focal one and 1 of cross entropy");
  command.add_option("--gamma", step.loss.gamma, "Of the focal term")->capture_default_str();
  command
      .add_option("--kinds-weight", step.kinds_weight,
                  "Pretraining: of telling made-up structures apart everywhere in the patch")
      ->capture_default_str();
  command
      .add_option("--map-weight", step.map_weight,
                  "Of finding all targets of a patch, clicked or not, in the modules' detail map")
      ->capture_default_str();
  command.add_option("--gate", options.gate, "self, always (open) or never (no modules)")
      ->check(CLI::IsMember({"self", "always", "never"}))
      ->capture_default_str();
  command.add_option("--add-modules", options.modules, "Put fresh modules behind these encoder blocks first")
      ->delimiter(',');
  command
      .add_option("--detail-channels", options.detail_channels,
                  "Of a branch in the fresh modules that reads the patch itself; 0: none")
      ->capture_default_str();
  command.add_option("--gate-warm-up", options.gate_warm_up,
                     "Steps during which all gates are open; unless given, a third of --steps");
  command.add_option("--gate-budget", step.budget, "How often gates may be open at no cost, 0 to 1")
      ->capture_default_str();
  command.add_option("--gate-weight", step.budget_weight, "What more costs")->capture_default_str();
}

void AddSampling(CLI::App& command, Options& options) {
  TrainingOptions& t = options.training;
  command.add_option("--spacing", options.spacing, "Finest and coarsest voxels of the patches, mm")
      ->expected(2)
      ->capture_default_str();
  command.add_option("--jitter", t.sample.jitter, "Voxels by which a patch's centre leaves the click")
      ->capture_default_str();
  command
      .add_option("--min-voxels", t.sample.min_voxels,
                  "Of the patch that a target must fill: fewer teach nothing")
      ->capture_default_str();
  command.add_option("--targets", t.sample.targets, "Asked for in each patch, which is encoded once")
      ->capture_default_str();
  command.add_option("--gain", t.augment.gain, "Random contrast")->capture_default_str();
  command.add_option("--offset", t.augment.offset, "Random brightness")->capture_default_str();
  command.add_option("--noise", t.augment.noise, "Random noise")->capture_default_str();
}

}  // namespace

void AddTrain(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "train", "Train a model: its SGP modules and mask decoder, or what --train names, on lesions.");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model,
                      "The model to start from; without it a fresh one of --config");
  options->fresh.AddOptions(*command);
  command
      ->add_option(
          "--out", options->out,
          "The model to write; beside it .csv and .png, and .state, from which a run that was ended goes on")
      ->required();
  command->add_option("--store", options->store, "Precision of that model's tensors: fp32, fp16 or bf16")
      ->check(CLI::IsMember(StoredTypes()))
      ->capture_default_str();
  command->add_option("--train", options->parts, "image_encoder, sgpm, prompt_encoder, mask_decoder")
      ->check(CLI::IsMember({"image_encoder", "sgpm", "prompt_encoder", "mask_decoder"}))
      ->delimiter(',')
      ->capture_default_str();
  options->cases.AddOptions(*command);
  AddSchedule(*command, *options);
  AddLoss(*command, *options);
  AddSampling(*command, *options);
  command->add_option("--save-every", options->save_every, "Steps between states")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--validate-every", options->validate_every, "Steps between validations")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--validation-samples", options->validation_samples, "In each; 0: none")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--memory", options->memory_gib, "GiB for cases kept in memory")
      ->check(CLI::Range(0.1, 1024.0))
      ->capture_default_str();
  command->add_option("--threads", options->threads, "0: all cores")->capture_default_str();
  command->callback([options, &chosen] { chosen = [options] { return Train(*options); }; });
}

}  // namespace sgpsam::tools
