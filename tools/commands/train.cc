// train: transfer a model to lesions, or pretrain a small one, on a folder of cases or on made-up ones.
#include <ATen/Parallel.h>
#include <malloc.h>
#include <sys/resource.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/engine/engine.h"
#include "core/model_file/check_tensors.h"
#include "core/model_file/convert_tensor.h"
#include "core/model_file/model_file.h"
#include "core/model_file/safetensors.h"
#include "core/torch/torch_device.h"
#include "core/torch/torch_guard.h"
#include "tools/commands/commands.h"
#include "tools/commands/train_options.h"
#include "tools/learn/train/fresh_model.h"
#include "tools/learn/train/training.h"
#include "tools/learn/train/training_log.h"

namespace sgpsam::tools {
namespace {

absl::StatusOr<TensorFile> FirstWeights(const TrainOptions& options) {
  if (options.model.empty()) return FreshModel(options.fresh.Get(), options.training.seed);
  return ReadModelFile(options.model);
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

absl::Status NoteSpacings(double first_mm, double finest_mm, TensorFile& file) {
  ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(file));
  config.first_spacing_mm = first_mm;
  config.finest_spacing_mm = finest_mm < kUsualSpacingMm ? finest_mm : 0;
  file.metadata[kModelConfigKey] = ToJson(config);
  return absl::OkStatus();
}

// Steps until all are done, with what belongs to them: log, progress line, validation, state.
class Run {
 public:
  Run(const TrainOptions& options, Training& training, const CaseMemory& validation, TrainingLog& log,
      std::string data)
      : options_(options), training_(training), validation_(validation), log_(log), data_(std::move(data)) {}

  absl::Status ToTheEnd() {
    const int64_t all = options_.training.steps;
    absl::Time before = absl::Now();
    int64_t steps_before = training_.steps_done();
    absl::Duration each;
    while (training_.steps_done() < all) {
      ASSIGN_OR_RETURN(const StepReport report, training_.Step());
      log_.AddStep(report);
      const bool last = report.step == all;
      if (last || report.step % options_.validate_every == 0) RETURN_IF_ERROR(Validate());
      if (last || report.step % options_.save_every == 0) RETURN_IF_ERROR(Save());
      if (last || report.step % kProgressEvery == 0) {
        const absl::Time now = absl::Now();
        const absl::Duration lately = (now - before) / (report.step - steps_before);
        each = each == absl::ZeroDuration() ? lately : kKept * each + (1 - kKept) * lately;
        before = now;
        steps_before = report.step;
        std::printf("%s\n", log_.ProgressLine(all, each).c_str());
        std::fflush(stdout);
      }
    }
    return absl::OkStatus();
  }

 private:
  static constexpr int64_t kProgressEvery = 20;
  static constexpr double kKept = 0.8;  // of the time a step is said to take, whenever it is said again

  absl::Status Validate() {
    if (options_.validation_samples == 0 || validation_.source().size() == 0) return absl::OkStatus();
    absl::StatusOr<StepReport> report = training_.Validate(validation_, options_.validation_samples);
    if (!report.ok()) {  // of these cases; the training itself is well
      std::fprintf(stderr, "sgpsam-model: not validated: %s\n",
                   std::string(report.status().message()).c_str());
      return absl::OkStatus();
    }
    log_.AddValidation(*report);
    return absl::OkStatus();
  }
  // The log first: its lines after the state are dropped when the run goes on, but missing ones are lost.
  absl::Status Save() {
    RETURN_IF_ERROR(log_.Write());
    return training_.Save(options_.out + ".state", data_);
  }

  const TrainOptions& options_;
  Training& training_;
  const CaseMemory& validation_;
  TrainingLog& log_;
  const std::string data_;
};

void Warn(const absl::Status& status) {
  std::fprintf(stderr, "sgpsam-model: passed over: %s\n", std::string(status.message()).c_str());
}

// Which cases there are, and in which order: a training draws them by number.
std::string DigestOfIds(const CaseSource& cases) {
  std::string ids;
  for (int64_t n = 0; n < cases.size(); ++n) absl::StrAppend(&ids, cases.id(n), "\n");
  return Sha256::Of(ids).ToHex().substr(0, 16);
}

// What a state must have been made with, besides the options of its training.
absl::StatusOr<std::string> DescribeData(const TrainOptions& options, const TrainingCases& cases) {
  std::string weights = absl::StrCat("fresh=", options.fresh.config, options.fresh.no_sgpm ? " plain" : "");
  if (!options.model.empty()) {
    ASSIGN_OR_RETURN(const Digest digest, DigestOfFile(options.model));
    weights = absl::StrCat("model=", digest.ToHex());
  }
  return absl::StrCat(weights, " ", options.cases.Describe(), " cases=", DigestOfIds(*cases.training), "/",
                      DigestOfIds(*cases.validation), " gate=", options.gate,
                      " modules=", absl::StrJoin(options.modules.blocks, "+"),
                      " detail=", options.modules.detail_channels,
                      options.modules.spatial_gate ? " spatial" : "");
}

void Preload(const CaseMemory& cases) {
  const absl::Time start = absl::Now();
  cases.Preload(at::get_num_threads(), [](int64_t) { return true; });
  std::printf("%lld cases at hand after %.0f s\n", static_cast<long long>(cases.source().size()),
              absl::ToDoubleSeconds(absl::Now() - start));
  std::fflush(stdout);
}

absl::Status WriteModel(TensorFile&& file, const TrainOptions& options) {
  for (auto& [name, tensor] : file.tensors) {
    auto converted = ConvertTensor(name, std::move(tensor), StoredTypes().at(options.store));
    RETURN_IF_ERROR(WithPath(converted.status(), options.out));
    tensor = *std::move(converted);
  }
  return WriteSafetensorsFile(file, options.out);
}

long long PeakMemoryMib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

// Every step allocates and frees the same hundreds of megabytes: give none back in between, because the
// kernel clears each page that is asked for again.
void KeepFreedMemory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
}

absl::Status Train(const TrainOptions& options) {
  KeepFreedMemory();
  if (options.threads > 0) at::set_num_threads(options.threads);
  RETURN_IF_ERROR(CheckPlace(options.out));
  TrainingOptions complete = options.Complete();
  ASSIGN_OR_RETURN(complete.device, GuardTorch([&] { return ChooseDevice(options.device); }));
  ChooseConvolutions(complete.device, complete.precision);
  ASSIGN_OR_RETURN(TensorFile file, FirstWeights(options));
  if (!options.modules.blocks.empty()) {
    RETURN_IF_ERROR(AddFreshModules(options.modules, options.training.seed, file));
  }
  RETURN_IF_ERROR(ApplyGate(options.gate, file));
  RETURN_IF_ERROR(NoteSpacings(options.first_spacing_mm, options.spacing.front(), file));
  ASSIGN_OR_RETURN(const TrainingCases sources, options.cases.Open());
  const auto memory = static_cast<size_t>(options.memory_gib * 1024 * 1024 * 1024);
  const CaseMemory cases(*sources.training, memory - memory / 4, Warn),
      validation(*sources.validation, memory / 4, Warn);
  ASSIGN_OR_RETURN(const std::unique_ptr<Training> training, Training::Create(file, cases, complete));
  ASSIGN_OR_RETURN(const std::string data, DescribeData(options, sources));
  absl::Status restored = training->Restore(options.out + ".state", data);
  if (!restored.ok() && !absl::IsNotFound(restored)) return restored;
  ASSIGN_OR_RETURN(TrainingLog log, TrainingLog::Open(options.out, training->steps_done()));
  if (restored.ok())
    std::printf("going on after step %lld\n", static_cast<long long>(training->steps_done()));
  std::printf("on %s\n", complete.device.str().c_str());
  Preload(cases);
  RETURN_IF_ERROR(Run(options, *training, validation, log, data).ToTheEnd());
  RETURN_IF_ERROR(WriteModel(training->parameters().ToFile(), options));
  std::printf("wrote %s; the most memory at once was %lld MiB\n", options.out.c_str(), PeakMemoryMib());
  return absl::OkStatus();
}

}  // namespace

void AddTrain(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "train", "Train a model: its SGP modules and mask decoder, or what --train names, on lesions.");
  auto options = std::make_shared<TrainOptions>();
  options->AddTo(*command);
  command->callback([options, &chosen] { chosen = [options] { return Train(*options); }; });
}

}  // namespace sgpsam::tools
