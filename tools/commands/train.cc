// train: transfer a model to lesions, or pretrain a small one, on a folder of cases or on made-up ones.
#include <ATen/Parallel.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/engine/engine.h"
#include "core/model_file/check_tensors.h"
#include "core/model_file/convert_tensor.h"
#include "core/model_file/model_file.h"
#include "core/model_file/safetensors.h"
#include "core/torch/torch_device.h"
#include "core/torch/torch_engine.h"
#include "core/torch/torch_guard.h"
#include "nlohmann/json.hpp"
#include "tools/commands/commands.h"
#include "tools/commands/train_options.h"
#include "tools/learn/train/fresh_model.h"
#include "tools/learn/train/lesion_validation.h"
#include "tools/learn/train/training.h"
#include "tools/learn/train/training_log.h"
#include "tools/learn/train/training_state.h"

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

std::string Spacings(const ModelConfig& config) {
  return absl::StrCat("first ", config.first_spacing_mm, " mm, finest ",
                      config.finest_spacing_mm > 0 ? config.finest_spacing_mm : kUsualSpacingMm,
                      " mm, coarsest ", config.coarsest_spacing_mm, " mm");
}

// What the model that comes of it says of itself: a name of its own,
// and the spacings that it has learned from.
absl::Status Describe(const TrainOptions& options, const SampleOptions& sample, TensorFile& file) {
  ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(file));
  config.name = options.ModelName();
  config.version = options.version;
  // Both are about the masks of other weights.
  config.predicts_iou = options.training.step.iou_weight > 0;
  config.calibration.clear();
  const std::string before = Spacings(config);
  config.first_spacing_mm = options.first_spacing_mm.value_or(config.first_spacing_mm);
  config.coarsest_spacing_mm = std::max(sample.max_spacing_mm, kUsualSpacingMm);
  config.finest_spacing_mm = sample.min_spacing_mm < kUsualSpacingMm ? sample.min_spacing_mm : 0;
  if (const std::string now = Spacings(config); now != before && !options.model.empty()) {
    std::printf("the model looked at patches of %s; the trained one will at %s\n", before.c_str(),
                now.c_str());
  }
  RETURN_IF_ERROR(ValidateModelConfig(config));
  file.metadata[kModelConfigKey] = ToJson(config);
  return absl::OkStatus();
}

// Of a training that goes on with other --steps, unless told: gates that may close already stay free to.
absl::Status KeepGateWarmUp(const std::string& state, TrainingOptions& training) {
  const absl::StatusOr<std::string> recipe = ReadTrainingRecipe(state);
  if (absl::IsNotFound(recipe.status())) return absl::OkStatus();
  RETURN_IF_ERROR(recipe.status());
  const nlohmann::json stored = nlohmann::json::parse(*recipe, nullptr, /*allow_exceptions=*/false);
  const auto found = stored.is_object() ? stored.find("gate_warm_up") : stored.end();
  if (found != stored.end() && found->is_number_integer()) training.gate_warm_up = found->get<int64_t>();
  return absl::OkStatus();
}

// A model file with the score that its state had on whole lesions:
// OUT.best while a training runs, OUT in the end.
class BestState {
 public:
  explicit BestState(const TrainOptions& options) : path_(options.out + ".best"), out_(options.out) {}

  // Goes on with what a training has left, or without anything.
  void Find(bool goes_on) {
    if (!goes_on) std::remove(path_.c_str());
    for (const std::string& path : {path_, out_}) {
      if (!goes_on || best_) return;
      const absl::StatusOr<TensorFile> file = ReadSafetensorsFile(path);
      if (!file.ok() || !file->metadata.contains(kKey)) continue;
      const nlohmann::json json = nlohmann::json::parse(file->metadata.at(kKey), nullptr, false);
      if (json.is_object() && json.contains("step") && json.contains("score"))
        best_ = {json["step"], json["score"]};
    }
  }

  absl::Status Offer(const Training& training, double score) {
    if (best_ && score <= best_->score) return absl::OkStatus();
    TensorFile file = training.parameters().ToFile();
    Mark({training.steps_done(), score}, file);
    RETURN_IF_ERROR(WriteSafetensorsFile(file, path_));
    best_ = Best{training.steps_done(), score};
    return absl::OkStatus();
  }

  struct Best {
    int64_t step = 0;
    double score = 0;
  };
  const std::optional<Best>& best() const { return best_; }
  // The best state's file, of which OUT is made; NOT_FOUND if OUT is that already.
  absl::StatusOr<TensorFile> Take() const { return ReadSafetensorsFile(path_); }
  void Remove() const { std::remove(path_.c_str()); }
  static void Mark(const Best& best, TensorFile& file) {
    file.metadata[kKey] = nlohmann::ordered_json{{"step", best.step}, {"score", best.score}}.dump();
  }

 private:
  static constexpr char kKey[] = "sgpsam_training_best";

  const std::string path_, out_;
  std::optional<Best> best_;
};

// Steps until all are done, with what belongs to them: log, progress line, validation, state.
class Run {
 public:
  Run(const TrainOptions& options, Training& training, const std::vector<ValidationSet>& validation,
      const LesionValidation& lesions, BestState& best, TrainingLog& log, std::string data)
      : options_(options),
        training_(training),
        validation_(validation),
        lesions_(lesions),
        best_(best),
        log_(log),
        data_(std::move(data)) {}

  absl::Status ToTheEnd() {
    const int64_t all = options_.training.steps;
    absl::Time before = absl::Now();
    int64_t steps_before = training_.steps_done();
    absl::Duration each;
    while (training_.steps_done() < all) {
      ASSIGN_OR_RETURN(const StepReport report, training_.Step());
      log_.AddStep(report);
      const bool last = report.step == all;
      if (last || report.step % options_.validate_every == 0) {
        ValidatePatches();
        RETURN_IF_ERROR(ValidateLesions());
      }
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

  // A validation that fails says something of its cases; the training itself is well.
  static void NotValidated(const absl::Status& status) {
    std::fprintf(stderr, "sgpsam-model: not validated: %s\n", std::string(status.message()).c_str());
  }

  void ValidatePatches() {
    if (options_.validation_samples == 0) return;
    const auto sets = static_cast<int64_t>(validation_.size());
    for (const ValidationSet& set : validation_) {
      if (set.cases->source().size() == 0) continue;
      const absl::StatusOr<StepReport> report =
          training_.Validate(*set.cases, (options_.validation_samples + sets - 1) / sets);
      if (report.ok()) {
        log_.AddValidation(set.name, *report);
      } else {
        NotValidated(report.status());
      }
    }
  }

  // By an engine of the weights as they are now: what is measured is what would be served.
  absl::Status ValidateLesions() {
    if (lesions_.empty()) return absl::OkStatus();
    TorchEngineOptions engine_options;
    engine_options.device = options_.device;
    engine_options.precision = "fp32";
    engine_options.cuda_graphs = engine_options.packed_weights = engine_options.warm_up = false;
    ASSIGN_OR_RETURN(const std::unique_ptr<TorchEngine> engine,
                     TorchEngine::Create(training_.parameters().ToFile(), Digest(), engine_options));
    const absl::StatusOr<std::vector<LesionDice>> measured = lesions_.Measure(*engine);
    if (!measured.ok()) {
      NotValidated(measured.status());
      return absl::OkStatus();
    }
    for (const LesionDice& set : *measured) log_.AddLesions(set.set, training_.steps_done(), set.dice);
    return best_.Offer(training_, LesionValidation::Score(*measured));
  }
  // The log first: its lines after the state are dropped when the run goes on, but missing ones are lost.
  absl::Status Save() {
    RETURN_IF_ERROR(log_.Write());
    return training_.Save(options_.out + ".state", data_);
  }

  const TrainOptions& options_;
  Training& training_;
  const std::vector<ValidationSet>& validation_;
  const LesionValidation& lesions_;
  BestState& best_;
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

// What a state must have been made with, besides the options of its training: a JSON object.
absl::StatusOr<std::string> DescribeData(const TrainOptions& options, const TrainingCases& cases) {
  nlohmann::json data = options.cases.Describe();
  data["first_weights"] = absl::StrCat(options.fresh.config, options.fresh.no_sgpm ? " plain" : "");
  if (!options.model.empty()) {
    ASSIGN_OR_RETURN(const Digest digest, DigestOfFile(options.model));
    data["first_weights"] = digest.ToHex();
  }
  data["cases"] = absl::StrCat(DigestOfIds(*cases.training), "/", DigestOfIds(*cases.validation));
  data["gate"] = options.gate;
  data["modules"] = options.modules.blocks;
  data["detail_channels"] = options.modules.detail_channels;
  data["spatial_gate"] = options.modules.spatial_gate;
  return data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void Preload(const CaseMemory& cases) {
  const absl::Time start = absl::Now();
  cases.Preload(at::get_num_threads(), [](int64_t) { return true; });
  std::printf("%lld cases at hand after %.0f s\n", static_cast<long long>(cases.source().size()),
              absl::ToDoubleSeconds(absl::Now() - start));
  std::fflush(stdout);
}

absl::Status WriteModel(TensorFile&& file, const TrainOptions& options, const std::string& path) {
  for (auto& [name, tensor] : file.tensors) {
    auto converted = ConvertTensor(name, std::move(tensor), StoredTypes().at(options.store));
    RETURN_IF_ERROR(WithPath(converted.status(), path));
    tensor = *std::move(converted);
  }
  return WriteSafetensorsFile(file, path);
}

// The best state to OUT; the last, if it is another one, to OUT.last.
absl::Status WriteModels(const Training& training, const BestState& best, const TrainOptions& options) {
  TensorFile last = training.parameters().ToFile();
  const std::string last_path = options.out + ".last";
  if (!best.best() || best.best()->step == training.steps_done()) {
    if (best.best()) BestState::Mark(*best.best(), last);
    RETURN_IF_ERROR(WriteModel(std::move(last), options, options.out));
    std::remove(last_path.c_str());  // of a training that had fewer steps
  } else {
    absl::StatusOr<TensorFile> file = best.Take();
    if (file.ok()) file->metadata[kModelConfigKey] = last.metadata[kModelConfigKey];
    if (!file.ok() && !absl::IsNotFound(file.status())) return file.status();
    if (file.ok()) RETURN_IF_ERROR(WriteModel(*std::move(file), options, options.out));
    RETURN_IF_ERROR(WriteModel(std::move(last), options, last_path));
    std::printf("the best state is that of step %lld; the last is %s\n",
                static_cast<long long>(best.best()->step), last_path.c_str());
  }
  best.Remove();
  return absl::OkStatus();
}

// A memory for each set's cases to validate on; they share the room.
struct ValidationMemory {
  ValidationMemory(const CaseMix& mix, size_t most_bytes) {
    for (const CaseSet& set : mix.sets()) {
      memories.push_back(std::make_unique<CaseMemory>(*set.cases, most_bytes / mix.sets().size(), Warn));
      sets.push_back({set.name, memories.back().get()});
    }
  }
  std::vector<std::unique_ptr<CaseMemory>> memories;
  std::vector<ValidationSet> sets;
};

// Of this program alone: getrusage counts what its parent had when it started it.
long long PeakMemoryMib() {
  std::ifstream status("/proc/self/status");
  long long kib = 0;
  for (std::string line; std::getline(status, line);) {
    if (std::sscanf(line.c_str(), "VmHWM: %lld kB", &kib) == 1) break;
  }
  return kib / 1024;
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
  ASSIGN_OR_RETURN(TensorFile file, FirstWeights(options));
  const bool fresh_gates = options.model.empty() || !options.modules.blocks.empty();
  if (!options.modules.blocks.empty()) {
    RETURN_IF_ERROR(AddFreshModules(options.modules, options.training.seed, file));
  }
  RETURN_IF_ERROR(ApplyGate(options.gate, file));
  ASSIGN_OR_RETURN(const ModelConfig config, ReadModelConfig(file));
  TrainingOptions complete = options.Complete(config, fresh_gates);
  const std::string state = options.out + ".state";
  if (!options.gate_warm_up) RETURN_IF_ERROR(KeepGateWarmUp(state, complete));
  ASSIGN_OR_RETURN(complete.device, GuardTorch([&] { return ChooseDevice(options.device); }));
  ChooseConvolutions(complete.device, complete.precision);
  RETURN_IF_ERROR(ValidateTrainingOptions(complete));
  RETURN_IF_ERROR(Describe(options, complete.sample, file));
  // A patch whose middle lies in a lesion, and one half a patch on, as following asks for.
  const double margin_mm = static_cast<double>(config.patch) * complete.sample.max_spacing_mm +
                           static_cast<double>(complete.sample.jitter) * complete.sample.max_spacing_mm;
  ASSIGN_OR_RETURN(const TrainingCases sources, options.cases.Open(margin_mm, Warn));
  const auto memory = static_cast<size_t>(options.memory_gib * 1024 * 1024 * 1024);
  const CaseMemory cases(*sources.training, memory - memory / 4, Warn);
  const ValidationMemory validation(*sources.validation, memory / 4);
  ASSIGN_OR_RETURN(const std::unique_ptr<Training> training, Training::Create(file, cases, complete));
  ASSIGN_OR_RETURN(const std::string data, DescribeData(options, sources));
  absl::Status restored = training->Restore(state, data);
  if (!restored.ok() && !absl::IsNotFound(restored)) return restored;
  ASSIGN_OR_RETURN(TrainingLog log, TrainingLog::Open(options.out, training->steps_done()));
  BestState best(options);
  best.Find(restored.ok());
  if (restored.ok())
    std::printf("going on after step %lld\n", static_cast<long long>(training->steps_done()));
  std::printf("on %s\n", complete.device.str().c_str());
  Preload(cases);
  const LesionValidation lesions(
      options.validate_lesions > 0 ? validation.sets : std::vector<ValidationSet>(), options.validate_lesions,
      options.training.seed);
  RETURN_IF_ERROR(Run(options, *training, validation.sets, lesions, best, log, data).ToTheEnd());
  RETURN_IF_ERROR(WriteModels(*training, best, options));
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
