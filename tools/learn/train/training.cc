#include "tools/learn/train/training.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/base/status_macros.h"
#include "core/model/load_weights.h"
#include "core/torch/torch_guard.h"
#include "nlohmann/json.hpp"
#include "tools/learn/train/on_cores.h"
#include "tools/learn/train/patch_mask.h"
#include "tools/learn/train/prior.h"
#include "tools/learn/train/training_state.h"

namespace sgpsam {
namespace {

constexpr int kMostFailures = 100;       // in a row, before a training gives up
constexpr float kBelowAnyScore = 1e-6f;  // a threshold that opens every gate and lets its score learn
constexpr uint64_t kValidationStream = uint64_t{1} << 63;

// Another stream of random numbers for each pass of each step.
uint64_t SeedOf(uint64_t seed, uint64_t pass) { return Random(Random(seed).Next() + pass).Next(); }

constexpr char kKindWeight[] = "pretraining.kinds.weight", kKindBias[] = "pretraining.kinds.bias",
               kMapWeight[] = "training.map.weight", kMapBias[] = "training.map.bias";

void AddHeads(const StepOptions& options, Parameters& parameters) {
  const ModelConfig& config = parameters.config();
  if (options.kinds_weight > 0) {
    parameters.AddHelper(kKindWeight, at::zeros({64 * kKinds, config.out_channels}));
    parameters.AddHelper(kKindBias, at::zeros({64 * kKinds}));
  }
  if (options.map_weight > 0) {
    parameters.AddHelper(kMapWeight, at::zeros({config.sizes().detail_channels}));
    parameters.AddHelper(kMapBias, at::zeros({1}));
  }
}

Heads HeadsOf(const Parameters& parameters, const TrainingOptions& options) {
  const auto there = [&](const char* name) { return parameters.at(name).to(options.device); };
  Heads heads;
  if (options.step.kinds_weight > 0) heads.kinds = {there(kKindWeight), there(kKindBias)};
  if (options.step.map_weight > 0) heads.map = {there(kMapWeight), there(kMapBias)};
  return heads;
}

// [cells, cells, cells]; undefined where there are none.
at::Tensor ToTensor(const std::vector<uint8_t>& kinds, int64_t cells) {
  if (kinds.empty()) return {};
  return at::from_blob(const_cast<uint8_t*>(kinds.data()), {cells, cells, cells}, at::kByte).to(at::kLong);
}

Example ToExample(const TrainingSample& sample, const ModelConfig& config, int64_t kind_cells) {
  const int64_t patch = config.patch;
  const at::Tensor values = at::from_blob(const_cast<float*>(sample.patch.values.data()),
                                          {config.patch_channels(), patch, patch, patch});
  Example example{values.clone(), {}, ToTensor(sample.kinds, kind_cells)};
  for (const TrainingSample::Target& target : sample.targets) {
    example.targets.push_back({ToTensor(target.truth), target.click});
  }
  return example;
}

// Sums reports; Mean divides.
class ReportMean {
 public:
  void Add(const StepResult& result) {
    ++count_;
    sum_.loss += result.segmentation_loss;
    AddTo(result.dice, sum_.dice);
    AddTo(result.opening, sum_.opening);
  }
  StepReport Mean() {
    sum_.loss /= count_;
    for (double& value : sum_.dice) value /= count_;
    for (double& value : sum_.opening) value /= count_;
    return std::move(sum_);
  }

 private:
  static void AddTo(const std::vector<double>& values, std::vector<double>& sums) {
    sums.resize(values.size());
    for (size_t n = 0; n < values.size(); ++n) sums[n] += values[n];
  }

  int count_ = 0;
  StepReport sum_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Training>> Training::Create(const TensorFile& file, const CaseMemory& cases,
                                                           const TrainingOptions& options) {
  RETURN_IF_ERROR(ValidateTrainingOptions(options));
  ASSIGN_OR_RETURN(const ModelConfig config, ReadModelConfig(file));
  return GuardTorch([&]() -> absl::StatusOr<std::unique_ptr<Training>> {
    ASSIGN_OR_RETURN(Parameters parameters, Parameters::FromFile(file, config, options.parts));
    if (options.low_rank > 0) RETURN_IF_ERROR(parameters.AddLowRank(options.low_rank, options.seed));
    if (parameters.trained().empty()) {
      return absl::InvalidArgumentError("nothing is left to train: the model has none of the chosen parts");
    }
    if (options.step.map_weight > 0 && config.sizes().detail_channels == 0) {
      return absl::InvalidArgumentError("--map-weight: the model's modules make no detail map");
    }
    TrainingOptions own = options;
    own.sample.kind_cells = own.step.kinds_weight > 0 || own.step.map_weight > 0 ? 4 * config.grid() : 0;
    own.sample.grid_origin = config.grid_origin;
    own.sample.intensities = config.intensities;
    own.augment.limit = config.intensities.empty() ? 0 : 1;
    AddHeads(own.step, parameters);
    return std::unique_ptr<Training>(new Training(std::move(parameters), cases, own));
  });
}

absl::StatusOr<std::vector<Example>> Training::DrawBatch(const CaseMemory& cases, uint64_t seed,
                                                         bool augment) const {
  if (cases.source().size() == 0)
    return absl::InvalidArgumentError("there are no cases to draw samples from");
  std::vector<Example> batch(options_.batch);
  absl::Mutex mutex;
  absl::Status failure;
  OnCores(options_.batch, [&](int64_t n) {
    {
      absl::MutexLock lock(&mutex);
      if (!failure.ok()) return;
    }
    Random random(SeedOf(seed, static_cast<uint64_t>(n)));
    absl::StatusOr<Example> example = DrawExample(cases, random, augment);
    if (example.ok()) {
      batch[n] = *std::move(example);
      return;
    }
    absl::MutexLock lock(&mutex);
    failure.Update(example.status());
  });
  RETURN_IF_ERROR(failure);
  return batch;
}

absl::StatusOr<Example> Training::DrawExample(const CaseMemory& cases, Random& random, bool augment) const {
  const int64_t patch = parameters_.config().patch;
  absl::Status failure;
  for (int failures = 0; failures < kMostFailures; ++failures) {
    const int64_t index = cases.source().Draw(random);
    const auto chosen = cases.Get(index);
    const absl::StatusOr<TrainingSample> sample =
        chosen.ok() ? DrawSample(**chosen, options_.sample, patch, random) : chosen.status();
    if (!sample.ok()) {
      failure = sample.status();
      continue;
    }
    if (options_.step.kinds_weight > 0 && (*chosen)->source().kinds.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("case ", (*chosen)->source().id, " does not say of what kind its targets are"));
    }
    Example example = ToExample(*sample, parameters_.config(), options_.sample.kind_cells);
    if (augment) Augment(options_.augment, random, example);
    if (sample->has_prior) {
      ExampleTarget& first = example.targets.front();
      first.prior = MakePrior(first.truth, parameters_.config().sizes().logits_side, random);
    }
    return example;
  }
  return failure;
}

ModelConfig Training::ConfigNow() const {
  ModelConfig config = parameters_.config();
  if (GatesWarmUp()) config.sgpm.threshold = std::min(config.sgpm.threshold, kBelowAnyScore);
  return config;
}

absl::StatusOr<Training::PassResult> Training::RunPass(uint64_t pass) const {
  return GuardTorch([&]() -> absl::StatusOr<PassResult> {
    const uint64_t seed = SeedOf(options_.seed, pass);
    ASSIGN_OR_RETURN(const std::vector<Example> batch, DrawBatch(cases_, seed, /*augment=*/true));
    Parameters leaves = parameters_.Alias();
    StepOptions step = options_.step;
    if (GatesWarmUp()) step.budget_weight = 0;
    const SgpSam model = AssembleSgpSam(leaves.source(), ConfigNow(), options_.device, options_.precision);
    Random random(seed + 1);
    PassResult pass_result{RunStep(model, batch, step, random, HeadsOf(leaves, options_)), {}};
    (pass_result.step.loss / options_.accumulate).backward();
    pass_result.step.loss.reset();  // and with it what the way back needed
    for (const std::string& name : leaves.trained()) {
      pass_result.gradients.push_back(leaves.at(name).grad());
    }
    return pass_result;
  });
}

std::vector<absl::StatusOr<Training::PassResult>> Training::RunPasses() const {
  const auto count = static_cast<uint64_t>(options_.accumulate);
  const uint64_t first = static_cast<uint64_t>(steps_done()) * count;
  std::vector<absl::StatusOr<PassResult>> results(count, absl::UnknownError("not run"));
  const auto run = [&](int64_t n) { results[n] = RunPass(first + static_cast<uint64_t>(n)); };
  if (options_.device.is_cpu()) {
    OnCores(options_.accumulate, run);
  } else {  // passes on one device would wait for each other's copies
    for (int64_t n = 0; n < options_.accumulate; ++n) run(n);
  }
  return results;
}

absl::StatusOr<StepReport> Training::Step() {
  return GuardTorch([&]() -> absl::StatusOr<StepReport> {
    optimiser_.Forget();  // what a step that failed has left
    ReportMean mean;
    for (absl::StatusOr<PassResult>& pass : RunPasses()) {
      RETURN_IF_ERROR(pass.status());
      parameters_.AddGradients(pass->gradients);
      mean.Add(pass->step);
    }
    StepReport report = mean.Mean();
    report.learning_rate =
        LearningRate(steps_done(), options_.steps, options_.warm_up, options_.learning_rate);
    report.gradient_norm = optimiser_.Step(report.learning_rate);
    report.step = steps_done();
    return report;
  });
}

absl::StatusOr<StepReport> Training::Validate(const CaseMemory& cases, int64_t samples) const {
  return GuardTorch([&]() -> absl::StatusOr<StepReport> {
    const c10::NoGradGuard no_gradients;
    const SgpSam model =
        AssembleSgpSam(parameters_.source(), ConfigNow(), options_.device, options_.precision);
    ReportMean mean;
    for (int64_t done = 0; done < samples; done += options_.batch) {
      const uint64_t seed = SeedOf(options_.seed, kValidationStream + static_cast<uint64_t>(done));
      ASSIGN_OR_RETURN(const std::vector<Example> batch, DrawBatch(cases, seed, /*augment=*/false));
      Random random(seed + 1);
      mean.Add(RunStep(model, batch, options_.step, random, HeadsOf(parameters_, options_)));
    }
    StepReport report = mean.Mean();
    report.step = steps_done();
    return report;
  });
}

std::string Training::Recipe(const std::string& data) const {
  nlohmann::json recipe = nlohmann::json::parse(data, nullptr, /*allow_exceptions=*/false);
  if (!recipe.is_object()) recipe = {{"data", data}};
  recipe.update(nlohmann::json::parse(DescribeTraining(options_)));
  return recipe.dump();
}

absl::Status Training::Save(const std::string& path, const std::string& data) {
  return GuardTorch([&] { return SaveTrainingState(parameters_, optimiser_, Recipe(data), path); });
}

absl::Status Training::Restore(const std::string& path, const std::string& data) {
  return GuardTorch([&] { return RestoreTrainingState(path, Recipe(data), parameters_, optimiser_); });
}

}  // namespace sgpsam
