// evaluate: what a model's masks are worth after 1, 3 and 5 clicks, by the size of the lesions; computed
// here, as a server would, or by a running server.
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/digest.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/looks/look_policy.h"
#include "core/model_file/check_tensors.h"
#include "core/model_file/model_config.h"
#include "core/model_file/model_file.h"
#include "core/model_file/safetensors.h"
#include "core/torch/torch_engine.h"
#include "nlohmann/json.hpp"
#include "sgpsam/client.h"
#include "tools/commands/commands.h"
#include "tools/commands/data_set.h"
#include "tools/commands/server_segmenter.h"
#include "tools/learn/cases/case_names.h"
#include "tools/learn/cases/generated_cases.h"
#include "tools/learn/evaluation/calibration.h"
#include "tools/learn/evaluation/evaluate_case.h"
#include "tools/learn/evaluation/evaluation_report.h"
#include "tools/learn/evaluation/report_formats.h"
#include "tools/learn/evaluation/score_file.h"

namespace sgpsam::tools {
namespace {

constexpr char kModels[] = "model's", kAuto[] = "auto";
constexpr absl::Duration kAnswerTime = absl::Seconds(30);  // of a server that is asked which model it serves

struct Options {
  std::string model, server, tls_ca, tls_cert, tls_key, csv, calibrate, only, clicks = "centre",
                                                                              spacing = kModels;
  std::vector<std::string> data;
  DatasetOptions otherwise;
  GeneratedCasesOptions generated{synthesis::Split::kTest, 0, 0, {192, 192, 96}};
  EvaluateOptions evaluate{.min_voxels = 8};
  TargetOptions target;
  TorchEngineOptions engine;
  int jobs = 1;
  bool json = false;
};

// What is measured.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual MeasuredModel model() const = 0;
  virtual size_t gates() const = 0;
  // `source` outlives it.
  virtual std::unique_ptr<CaseSegmenter> Open(const Case& source, const TargetOptions& options) = 0;
};

class EngineSubject final : public Subject {
 public:
  explicit EngineSubject(std::unique_ptr<TorchEngine> engine) : engine_(std::move(engine)) {}

  MeasuredModel model() const override {
    const ModelInfo& info = engine_->info();
    return {info.name, info.version, info.weights_digest.ToHex(), info.precision};
  }
  size_t gates() const override { return engine_->info().gate_blocks.size(); }
  std::unique_ptr<CaseSegmenter> Open(const Case& source, const TargetOptions& options) override {
    return std::make_unique<EngineSegmenter>(*engine_, source, options);
  }

 private:
  const std::unique_ptr<TorchEngine> engine_;
};

class ServerSubject final : public Subject {
 public:
  ServerSubject(client::Client client, client::ModelDescription served)
      : client_(std::move(client)), served_(std::move(served)) {}

  MeasuredModel model() const override {
    const client::ModelIdentity& identity = served_.model;
    return {identity.name, identity.version, absl::BytesToHexString(identity.weights_sha256),
            served_.precision};
  }
  size_t gates() const override { return served_.gate_blocks.size(); }
  std::unique_ptr<CaseSegmenter> Open(const Case& source, const TargetOptions& options) override {
    return std::make_unique<ServerSegmenter>(client_, source, options);
  }

 private:
  const client::Client client_;
  const client::ModelDescription served_;
};

struct NamedSet {
  std::string name;
  std::shared_ptr<const CaseSource> cases;
};

// Those of the names that `only` lists.
absl::Status Choose(const CaseNames& only, NamedSet& set) {
  std::vector<int64_t> chosen;
  for (int64_t n = 0; n < set.cases->size(); ++n) {
    if (only.count(set.cases->id(n)) > 0) chosen.push_back(n);
  }
  if (chosen.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--only names no case of ", set.name));
  }
  set.cases = std::make_shared<SomeCases>(set.cases, std::move(chosen));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<NamedSet>> OpenSets(const Options& options) {
  ASSIGN_OR_RETURN(const std::vector<DataSet> folders, ParseDataSets(options.data, options.otherwise));
  std::vector<NamedSet> sets;
  for (const DataSet& set : folders) {
    ASSIGN_OR_RETURN(DatasetFolder folder, DatasetFolder::Open(set.folder, set.options));
    sets.push_back({set.name, std::make_shared<DatasetFolder>(std::move(folder))});
  }
  if (!options.only.empty()) {
    ASSIGN_OR_RETURN(const CaseNames only, ReadCaseNames(options.only));
    for (NamedSet& set : sets) RETURN_IF_ERROR(Choose(only, set));
  }
  if (options.generated.cases > 0)
    sets.push_back({"generated", std::make_shared<GeneratedCases>(options.generated)});
  if (sets.empty()) {
    return absl::InvalidArgumentError("name the cases: --data FOLDER, or --cases N for made-up ones");
  }
  return sets;
}

absl::StatusOr<TargetOptions> Complete(const Options& options) {
  TargetOptions target = options.target;
  if (options.spacing == kAuto) target.auto_spacing = true;
  if (options.spacing == kAuto || options.spacing == kModels) return target;
  double spacing = 0;
  if (!absl::SimpleAtod(options.spacing, &spacing) || !(spacing >= 0.25 && spacing <= 3)) {
    return absl::InvalidArgumentError("--spacing takes 0.25 to 3 mm, or auto");
  }
  target.spacing_mm = spacing;
  return target;
}

absl::StatusOr<std::unique_ptr<Subject>> ConnectTo(const Options& options) {
  client::ConnectOptions connection;
  if (!options.tls_ca.empty()) {
    connection.tls = {options.tls_ca, options.tls_cert, options.tls_key};
  }
  ASSIGN_OR_RETURN(client::Client client, client::Client::Connect(options.server, connection));
  ASSIGN_OR_RETURN(client::ModelDescription served, client.DescribeModel(absl::Now() + kAnswerTime));
  return std::make_unique<ServerSubject>(std::move(client), std::move(served));
}

// What is computed here is what a server on this machine computes: its self-test is asked, too.
absl::StatusOr<std::unique_ptr<Subject>> OpenSubject(const Options& options) {
  if (!options.server.empty()) return ConnectTo(options);
  ASSIGN_OR_RETURN(std::unique_ptr<TorchEngine> engine, TorchEngine::Create(options.model, options.engine));
  if (const SelfTestReport& report = engine->info().self_test;
      report.result == SelfTestReport::Result::kFellBack) {
    std::fprintf(stderr, "sgpsam-model: this machine computes the model wrongly in %s; measured in %s\n",
                 report.rejected.c_str(), engine->info().precision.c_str());
  }
  return std::make_unique<EngineSubject>(std::move(engine));
}

// A short name of all that the scores depend on: lines of an evaluation with another one are not this one's.
std::string NameOfRun(const Options& options, const MeasuredModel& model, const std::vector<NamedSet>& sets) {
  nlohmann::ordered_json run = {
      {"scores", 1},  // raised whenever the same evaluation comes to score otherwise
      {"weights", model.weights_sha256},
      {"precision", model.precision},
      {"clicks", options.clicks},
      {"seed", options.evaluate.seed},
      {"min_voxels", options.evaluate.min_voxels},
      {"added_clicks", options.evaluate.added_clicks},
      {"max_patches", options.target.max_patches},
      {"max_steps", options.target.max_steps.value_or(-1)},
      {"spacing", options.spacing},
      {"generated_seed", options.generated.seed},
      {"data", options.data},
      {"label", options.otherwise.label},
      {"channel", options.otherwise.channel},
      {"modality", options.otherwise.modality}};
  for (const NamedSet& set : sets) {
    std::string ids;
    for (int64_t n = 0; n < set.cases->size(); ++n) absl::StrAppend(&ids, set.cases->id(n), "\n");
    run["cases"][set.name] = Sha256::Of(ids).ToHex();
  }
  constexpr size_t kDigits = 16;
  return Sha256::Of(run.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))
      .ToHex()
      .substr(0, kDigits);
}

// Means are of what is in the file, to its last digit, so that they do not
// depend on whether a run was interrupted.
absl::StatusOr<ScoredCase> AsWritten(const ScoredCase& scored, size_t gates) {
  const std::string text = absl::StrCat(ScoreCsvHeader(gates), ScoreCsvLines(scored, gates, "run"));
  ASSIGN_OR_RETURN(ScoreCsv csv, ParseScoreCsv(text, gates, "run"));
  if (csv.cases.empty()) return scored;  // it has no lesion
  return std::move(csv.cases[0]);
}

struct MeasuredSet {
  std::vector<LesionScores> lesions;
  std::vector<PassedOver> passed_over;
  int64_t crumbs = 0;
};

// All cases of all sets, by several jobs at once. Each job takes the next case that nobody has; what comes of
// a case does not depend on who did it, and is handed on in the cases' order.
class Evaluation {
 public:
  // `csv` may be null.
  Evaluation(const std::vector<NamedSet>& sets, const EvaluateOptions& evaluate, const TargetOptions& target,
             size_t gates, ScoreFile* csv)
      : sets_(sets), evaluate_(evaluate), target_(target), gates_(gates), csv_(csv), measured_(sets.size()) {
    std::map<std::pair<std::string, std::string>, const ScoredCase*> done;
    if (csv_ != nullptr) {
      for (const ScoredCase& scored : csv_->done()) done[{scored.set, scored.case_id}] = &scored;
    }
    for (size_t set = 0; set < sets_.size(); ++set) {
      for (int64_t n = 0; n < sets_[set].cases->size(); ++n) {
        const auto found = done.find({sets_[set].name, sets_[set].cases->id(n)});
        if (found == done.end()) {
          items_.push_back({set, n});
        } else {
          Add(set, *found->second);
          ++known_;
        }
      }
    }
  }

  // How many cases the CSV has already.
  int64_t known() const { return known_; }

  // One job, to the end; several threads run it at once, each with a subject of its own.
  void Work(Subject& subject) {
    for (size_t n = Take(); n < items_.size(); n = Take()) HandIn(n, EvaluateItem(items_[n], subject));
  }
  // Ends all jobs.
  void Fail(const absl::Status& status) {
    const absl::MutexLock lock(&mutex_);
    status_.Update(status);
  }

  // Once all jobs are done.
  absl::StatusOr<std::vector<MeasuredSet>> Finish() && {
    const absl::MutexLock lock(&mutex_);
    RETURN_IF_ERROR(status_);
    for (size_t set = 0; set < sets_.size(); ++set) {
      if (!measured_[set].lesions.empty()) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("none of the cases of ", sets_[set].name, " has anything to segment"));
    }
    for (size_t set = 0; set < sets_.size(); ++set) SortAsTheSet(set);
    return std::move(measured_);
  }

 private:
  struct Item {
    size_t set = 0;
    int64_t index = 0;
  };
  struct Result {
    ScoredCase scored;
    absl::Status passed_over;  // not OK: the case could not be read
  };

  size_t Take() {
    const absl::MutexLock lock(&mutex_);
    return status_.ok() ? next_++ : items_.size();
  }

  absl::StatusOr<Result> EvaluateItem(const Item& item, Subject& subject) const {
    const NamedSet& set = sets_[item.set];
    const absl::StatusOr<Case> read = set.cases->Read(item.index);
    if (!read.ok()) return Result{{set.name, set.cases->id(item.index), {}, 0}, read.status()};
    const std::unique_ptr<CaseSegmenter> segmenter = subject.Open(*read, target_);
    ASSIGN_OR_RETURN(ScoredCase scored, EvaluateCase(*read, *segmenter, evaluate_));
    scored.set = set.name;
    ASSIGN_OR_RETURN(scored, AsWritten(scored, gates_));
    return Result{std::move(scored), absl::OkStatus()};
  }

  void HandIn(size_t n, absl::StatusOr<Result> result) {
    const absl::MutexLock lock(&mutex_);
    if (!result.ok()) {
      status_.Update(result.status());
      return;
    }
    waiting_.emplace(n, *std::move(result));
    for (auto first = waiting_.begin(); first != waiting_.end() && first->first == handed_on_;
         first = waiting_.erase(first), ++handed_on_) {
      status_.Update(HandOn(items_[first->first], first->second));
    }
  }

  // Cases that cannot be read are named on stderr and passed over: one bad file does not spoil an evaluation.
  absl::Status HandOn(const Item& item, const Result& result) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!result.passed_over.ok()) {
      const std::string reason(result.passed_over.message());
      measured_[item.set].passed_over.push_back({result.scored.case_id, reason});
      std::fprintf(stderr, "sgpsam-model: passed over: %s\n", reason.c_str());
      return absl::OkStatus();
    }
    Add(item.set, result.scored);
    std::fprintf(stderr, "%s\n", Progress(result.scored).c_str());
    return csv_ == nullptr ? absl::OkStatus() : csv_->Append(result.scored);
  }

  // "ct/STS_001 (3 of 20): 1 lesions, Dice 0.61 0.70 0.74"
  std::string Progress(const ScoredCase& scored) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::string line = absl::StrCat(scored.set, "/", scored.case_id, " (", handed_on_ + 1, " of ",
                                    items_.size(), "): ", scored.lesions.size(), " lesions, Dice");
    for (size_t n = 0; n < kScoredClicks.size(); ++n) {
      double sum = 0;
      int count = 0;
      for (const LesionScores& lesion : scored.lesions) {
        if (!lesion.dice[n]) continue;
        sum += *lesion.dice[n];
        ++count;
      }
      absl::StrAppend(&line, " ", count == 0 ? "-" : absl::StrFormat("%.2f", sum / count));
    }
    return line;
  }

  void Add(size_t set, const ScoredCase& scored) {
    MeasuredSet& measured = measured_[set];
    measured.lesions.insert(measured.lesions.end(), scored.lesions.begin(), scored.lesions.end());
    measured.crumbs += scored.crumbs;
  }

  // Those that the file had already came first: the order of a bootstrap's draws must not tell.
  void SortAsTheSet(size_t set) {
    std::map<std::string, int64_t> number;
    for (int64_t n = 0; n < sets_[set].cases->size(); ++n) number[sets_[set].cases->id(n)] = n;
    std::vector<LesionScores>& lesions = measured_[set].lesions;
    std::stable_sort(lesions.begin(), lesions.end(), [&](const LesionScores& a, const LesionScores& b) {
      return number[a.case_id] < number[b.case_id];
    });
  }

  const std::vector<NamedSet>& sets_;
  const EvaluateOptions evaluate_;
  const TargetOptions target_;
  const size_t gates_;
  ScoreFile* const csv_;
  std::vector<Item> items_;
  int64_t known_ = 0;
  absl::Mutex mutex_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0, handed_on_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<size_t, Result> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<MeasuredSet> measured_;  // by whoever holds the mutex, once there are jobs
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

// The first job is this thread's, whose subject is there already;
// an engine belongs to the thread that made it.
void RunJobs(const Options& options, Subject& first, Evaluation& evaluation) {
  std::vector<std::thread> others;
  for (int job = 1; job < options.jobs; ++job) {
    others.emplace_back([&] {
      absl::StatusOr<std::unique_ptr<Subject>> subject = OpenSubject(options);
      if (subject.ok()) {
        evaluation.Work(**subject);
      } else {
        evaluation.Fail(subject.status());
      }
    });
  }
  evaluation.Work(first);
  for (std::thread& other : others) other.join();
}

std::string DescribeClicks(const Options& options, const NamedSet& set) {
  std::string text = options.clicks == "centre"
                         ? "in the middle of the largest error"
                         : absl::StrCat("random in the errors, --seed ", options.evaluate.seed);
  if (set.name == "generated") absl::StrAppend(&text, "; cases: --generated-seed ", options.generated.seed);
  return text;
}

// Writes the model with a curve through what its masks turned out to be worth.
absl::Status WriteCalibrated(const Options& options, absl::Span<const LesionScores> lesions) {
  ASSIGN_OR_RETURN(TensorFile file, ReadModelFile(options.model));
  ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(file));
  ASSIGN_OR_RETURN(config.calibration, FitCalibration(lesions));
  RETURN_IF_ERROR(ValidateModelConfig(config));
  file.metadata[kModelConfigKey] = ToJson(config);
  return WriteSafetensorsFile(file, options.calibrate);
}

absl::Status Evaluate(const Options& given) {
  Options options = given;
  if (options.model.empty() == options.server.empty()) {
    return absl::InvalidArgumentError("name what is measured: --model FILE, or --server HOST:PORT");
  }
  for (const std::string& file : {options.csv, options.calibrate}) {
    if (!file.empty()) RETURN_IF_ERROR(CheckPlace(file));
  }
  if (options.jobs > 1 && options.engine.threads == 0) {
    options.engine.threads = std::max(1, at::get_num_threads() / options.jobs);
  }
  ASSIGN_OR_RETURN(const TargetOptions target, Complete(options));
  options.evaluate.clicks = options.clicks == "centre" ? ClickStrategy::kCentre : ClickStrategy::kRandom;
  ASSIGN_OR_RETURN(const std::vector<NamedSet> sets, OpenSets(options));
  ASSIGN_OR_RETURN(const std::unique_ptr<Subject> subject, OpenSubject(options));
  std::optional<ScoreFile> csv;
  if (!options.csv.empty()) {
    const std::string run = NameOfRun(options, subject->model(), sets);
    ASSIGN_OR_RETURN(ScoreFile file, ScoreFile::Open(options.csv, run, subject->gates()));
    csv.emplace(std::move(file));
  }
  Evaluation evaluation(sets, options.evaluate, target, subject->gates(), csv ? &*csv : nullptr);
  if (evaluation.known() > 0) {
    std::fprintf(stderr, "going on: %lld cases are in %s already\n",
                 static_cast<long long>(evaluation.known()), options.csv.c_str());
  }
  RunJobs(options, *subject, evaluation);
  ASSIGN_OR_RETURN(std::vector<MeasuredSet> measured, std::move(evaluation).Finish());
  std::vector<LesionScores> all;
  for (size_t n = 0; n < sets.size(); ++n) {
    all.insert(all.end(), measured[n].lesions.begin(), measured[n].lesions.end());
    EvaluationReport report = MakeReport(std::move(measured[n].lesions));
    report.set = sets[n].name;
    report.clicks = DescribeClicks(options, sets[n]);
    report.passed_over = std::move(measured[n].passed_over);
    report.crumbs = measured[n].crumbs;
    report.min_voxels = options.evaluate.min_voxels;
    report.model = subject->model();
    std::printf("%s\n", options.json ? ToJson(report).c_str() : ToTable(report).c_str());
  }
  return options.calibrate.empty() ? absl::OkStatus() : WriteCalibrated(options, all);
}

// As those of `sgpsam`.
void AddServerOptions(CLI::App& command, CLI::Option& model, Options& options) {
  CLI::Option* const server = command
                                  .add_option("--server", options.server,
                                              "HOST:PORT of a running server to measure instead of a file")
                                  ->excludes(&model);
  CLI::Option* const ca =
      command
          .add_option("--tls-ca", options.tls_ca,
                      "Speak TLS with a server whose certificate one of the authorities in this file (PEM) "
                      "signed, or one that the system trusts")
          ->type_name("FILE|system")
          ->needs(server);
  CLI::Option* const cert = command
                                .add_option("--tls-cert", options.tls_cert,
                                            "The certificate (PEM) to show to a server that asks for one")
                                ->needs(ca);
  CLI::Option* const key =
      command.add_option("--tls-key", options.tls_key, "Its private key (PEM)")->needs(cert);
  cert->needs(key);
}

}  // namespace

void AddEvaluate(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "evaluate",
      "Click on every lesion of many cases; print Dice and surface Dice at 2 mm after 1, 3 and 5 clicks.");
  auto options = std::make_shared<Options>();
  options->engine.self_test = "fallback";  // as a server
  CLI::Option* model = command->add_option("--model", options->model, "The model file");
  AddServerOptions(*command, *model, *options);
  AddDataOptions(*command, options->data, options->otherwise);
  command
      ->add_option("--only", options->only,
                   "Only these cases of every --data: names with commas, or a file with one a line, as "
                   "`train --hold-out` takes")
      ->needs("--data");
  CLI::Option* made = command
                          ->add_option("--cases", options->generated.cases,
                                       "Number of made-up cases of the test split; one more set")
                          ->check(CLI::PositiveNumber);
  command->add_option("--generated-seed", options->generated.seed, "Other made-up cases")
      ->check(CLI::Range(uint64_t{0}, uint64_t{synthesis::kMaxRunSeed}))
      ->needs(made)
      ->capture_default_str();
  command->add_option("--clicks", options->clicks, "centre of what is wrong, or random in it")
      ->check(CLI::IsMember({"centre", "random"}))
      ->capture_default_str();
  command->add_option("--seed", options->evaluate.seed, "Of random clicks")->capture_default_str();
  command
      ->add_option(
          "--added-clicks", options->evaluate.added_clicks,
          "Right clicks at random to try after the first answer of each lesion, one by one, half of them "
          "in it and half beside it: what one more click may cost")
      ->check(CLI::Range(0, 10000))
      ->capture_default_str();
  command->add_option("--max-patches", options->target.max_patches, "Of one lesion; 1: the first alone")
      ->check(CLI::Range(1, kLookPolicy.most_patches))
      ->capture_default_str();
  command
      ->add_option("--max-steps", options->target.max_steps,
                   "Of those, along a lesion over the faces of its patch; 0: it is not followed")
      ->check(CLI::Range(0, kLookPolicy.most_patches - 1));
  command
      ->add_option("--spacing", options->spacing,
                   "Of the patches: millimetres, or auto, which looks at small lesions closer; unless given, "
                   "as a server does: auto if the model has learned from finer patches than 1.5 mm, else 1.5")
      ->capture_default_str();
  command
      ->add_option("--min-voxels", options->evaluate.min_voxels,
                   "Of a lesion: smaller components are crumbs of an outline, and left out")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option(
      "--csv", options->csv,
      "Write a line for each lesion here, too, case by case: the same command given again goes on "
      "after the last whole case");
  command
      ->add_option(
          "--calibrate", options->calibrate,
          "Write the model here, with a curve from what it expected of its masks to what they are worth: its "
          "confidence. On lesions that it was not trained on, and that nothing else is measured on")
      ->needs(model);
  command->add_flag("--json", options->json, "Print JSON instead of tables, a line for each set");
  command
      ->add_option("--jobs", options->jobs,
                   "Cases at once, each with a model of its own on its share of the cores; changes no score")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command
      ->add_option(
          "--precision", options->engine.precision,
          "auto, fp32 or bf16, as a server's; what computes wrongly here is replaced by fp32, as there")
      ->check(CLI::IsMember({"auto", "fp32", "bf16"}))
      ->needs(model)
      ->capture_default_str();
  command->add_option("--device", options->engine.device, "auto, cpu or cuda:N")
      ->needs(model)
      ->capture_default_str();
  command->add_option("--threads", options->engine.threads, "0: all cores")
      ->needs(model)
      ->capture_default_str();
  command->callback([options, &chosen] { chosen = [options] { return Evaluate(*options); }; });
}

}  // namespace sgpsam::tools
