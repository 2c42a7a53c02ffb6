// evaluate: what a model's masks are worth after 1, 3 and 5 clicks, by the size of the lesions; computed here, as a
// server would, or by a running server.
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/looks/look_policy.h"
#include "core/torch/torch_engine.h"
#include "sgpsam/client.h"
#include "tools/commands/commands.h"
#include "tools/commands/server_segmenter.h"
#include "tools/learn/cases/dataset_folder.h"
#include "tools/learn/cases/generated_cases.h"
#include "tools/learn/evaluation/evaluate_case.h"
#include "tools/learn/evaluation/evaluation_report.h"
#include "tools/learn/evaluation/report_formats.h"

namespace sgpsam::tools {
namespace {

constexpr char kModels[] = "model's", kAuto[] = "auto";
constexpr absl::Duration kAnswerTime = absl::Seconds(30);  // of a server that is asked which model it serves

struct Options {
  std::string model, server, csv, clicks = "centre", spacing = kModels;
  DatasetOptions dataset;
  std::string folder;
  GeneratedCasesOptions generated{synthesis::Split::kTest, 0, 0, {192, 192, 96}};
  EvaluateOptions evaluate;
  TargetOptions target;
  TorchEngineOptions engine;
  bool json = false;
};

// What is measured.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual MeasuredModel model() const = 0;
  // `image` outlives it.
  virtual std::unique_ptr<CaseSegmenter> Open(const Volume& image, const TargetOptions& options) = 0;
};

class EngineSubject final : public Subject {
 public:
  explicit EngineSubject(std::unique_ptr<TorchEngine> engine) : engine_(std::move(engine)) {}

  MeasuredModel model() const override {
    const ModelInfo& info = engine_->info();
    return {info.name, info.version, info.weights_digest.ToHex(), info.precision};
  }
  std::unique_ptr<CaseSegmenter> Open(const Volume& image, const TargetOptions& options) override {
    return std::make_unique<EngineSegmenter>(*engine_, image, options);
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
    return {identity.name, identity.version, absl::BytesToHexString(identity.weights_sha256), served_.precision};
  }
  std::unique_ptr<CaseSegmenter> Open(const Volume& image, const TargetOptions& options) override {
    return std::make_unique<ServerSegmenter>(client_, image, options);
  }

 private:
  const client::Client client_;
  const client::ModelDescription served_;
};

absl::StatusOr<std::unique_ptr<CaseSource>> OpenCases(const Options& options) {
  if (options.folder.empty() == (options.generated.cases == 0)) {
    return absl::InvalidArgumentError("name the cases: --data FOLDER, or --cases N for made-up ones");
  }
  if (options.folder.empty()) return std::make_unique<GeneratedCases>(options.generated);
  ASSIGN_OR_RETURN(DatasetFolder folder, DatasetFolder::Open(options.folder, options.dataset));
  return std::make_unique<DatasetFolder>(std::move(folder));
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

absl::StatusOr<std::unique_ptr<Subject>> ConnectTo(const std::string& server) {
  ASSIGN_OR_RETURN(client::Client client, client::Client::Connect(server));
  ASSIGN_OR_RETURN(client::ModelDescription served, client.DescribeModel(absl::Now() + kAnswerTime));
  return std::make_unique<ServerSubject>(std::move(client), std::move(served));
}

// What is computed here is what a server on this machine computes: its self-test is asked, too.
absl::StatusOr<std::unique_ptr<Subject>> OpenSubject(const Options& options) {
  if (!options.server.empty()) return ConnectTo(options.server);
  ASSIGN_OR_RETURN(std::unique_ptr<TorchEngine> engine, TorchEngine::Create(options.model, options.engine));
  if (const SelfTestReport& report = engine->info().self_test;
      report.result == SelfTestReport::Result::kFellBack) {
    std::fprintf(stderr, "sgpsam-model: this machine computes the model wrongly in %s; measured in %s\n",
                 report.rejected.c_str(), engine->info().precision.c_str());
  }
  return std::make_unique<EngineSubject>(std::move(engine));
}

struct Measured {
  std::vector<LesionScores> lesions;
  std::vector<PassedOver> passed_over;
};

// Cases that cannot be read are named on stderr and passed over: one bad file does not spoil an evaluation.
absl::StatusOr<Measured> EvaluateAll(const CaseSource& cases, Subject& subject, const EvaluateOptions& options,
                                     const TargetOptions& target) {
  Measured all;
  const bool terminal = isatty(STDERR_FILENO) == 1;
  for (int64_t n = 0; n < cases.size(); ++n) {
    if (terminal) std::fprintf(stderr, "\r%s", absl::StrCat("case ", n + 1, " of ", cases.size()).c_str());
    const absl::StatusOr<Case> read = cases.Read(n);
    if (!read.ok()) {
      all.passed_over.push_back({cases.id(n), std::string(read.status().message())});
      std::fprintf(stderr, "sgpsam-model: passed over: %s\n", all.passed_over.back().reason.c_str());
      continue;
    }
    EvaluateOptions own = options;
    own.seed = options.seed + (static_cast<uint64_t>(n) << 32);
    const std::unique_ptr<CaseSegmenter> segmenter = subject.Open(read->image, target);
    ASSIGN_OR_RETURN(std::vector<LesionScores> scores, EvaluateCase(*read, *segmenter, own));
    for (LesionScores& lesion : scores) all.lesions.push_back(std::move(lesion));
  }
  if (terminal) std::fprintf(stderr, "\n");
  if (all.lesions.empty()) return absl::InvalidArgumentError("none of the cases has anything to segment");
  return all;
}

absl::Status Evaluate(const Options& options) {
  if (options.model.empty() == options.server.empty()) {
    return absl::InvalidArgumentError("name what is measured: --model FILE, or --server HOST:PORT");
  }
  if (!options.csv.empty()) RETURN_IF_ERROR(CheckPlace(options.csv));
  ASSIGN_OR_RETURN(const TargetOptions target, Complete(options));
  EvaluateOptions evaluate = options.evaluate;
  evaluate.clicks = options.clicks == "centre" ? ClickStrategy::kCentre : ClickStrategy::kRandom;
  ASSIGN_OR_RETURN(const std::unique_ptr<CaseSource> cases, OpenCases(options));
  ASSIGN_OR_RETURN(const std::unique_ptr<Subject> subject, OpenSubject(options));
  ASSIGN_OR_RETURN(Measured measured, EvaluateAll(*cases, *subject, evaluate, target));
  EvaluationReport report = MakeReport(std::move(measured.lesions));
  report.passed_over = std::move(measured.passed_over);
  report.model = subject->model();
  std::printf("%s\n", options.json ? ToJson(report).c_str() : ToTable(report).c_str());
  return options.csv.empty() ? absl::OkStatus() : WriteFileAtomically(options.csv, ToCsv(report.lesions));
}

}  // namespace

void AddEvaluate(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "evaluate",
      "Click on every lesion of many cases; print Dice and surface Dice at 2 mm after 1, 3 and 5 clicks.");
  auto options = std::make_shared<Options>();
  options->engine.self_test = "fallback";  // as a server
  CLI::Option* model = command->add_option("--model", options->model, "The model file");
  command->add_option("--server", options->server, "HOST:PORT of a running server to measure instead of a file")
      ->excludes(model);
  CLI::Option* data = command->add_option(
      "--data", options->folder, "Folder in the layout of MSD or nnU-Net: dataset.json, imagesTr, labelsTr");
  command
      ->add_option("--label", options->dataset.label, "Which of its labels is the target, by name or value")
      ->needs(data);
  command->add_option("--channel", options->dataset.channel, "Which of its channels is the image")
      ->needs(data);
  CLI::Option* made =
      command->add_option("--cases", options->generated.cases, "Number of made-up cases of the test split")
          ->check(CLI::PositiveNumber)
          ->excludes(data);
  command->add_option("--generated-seed", options->generated.seed, "Other made-up cases")
      ->check(CLI::Range(uint64_t{0}, uint64_t{synthesis::kMaxRunSeed}))
      ->needs(made)
      ->capture_default_str();
  command->add_option("--clicks", options->clicks, "centre of what is wrong, or random in it")
      ->check(CLI::IsMember({"centre", "random"}))
      ->capture_default_str();
  command->add_option("--seed", options->evaluate.seed, "Of random clicks")->capture_default_str();
  command
      ->add_option("--max-patches", options->target.max_patches, "Of one lesion; 1: the first alone")
      ->check(CLI::Range(1, kLookPolicy.most_patches))
      ->capture_default_str();
  command
      ->add_option("--spacing", options->spacing,
                   "Of the patches: millimetres, or auto, which looks at small lesions closer; unless given, "
                   "as a server does: auto if the model has learned from finer patches than 1.5 mm, else 1.5")
      ->capture_default_str();
  command->add_option("--csv", options->csv, "Write a line for each lesion here, too");
  command->add_flag("--json", options->json, "Print JSON instead of a table");
  command
      ->add_option("--precision", options->engine.precision,
                   "auto, fp32 or bf16, as a server's; what computes wrongly here is replaced by fp32, as there")
      ->check(CLI::IsMember({"auto", "fp32", "bf16"}))
      ->needs(model)
      ->capture_default_str();
  command->add_option("--device", options->engine.device, "auto, cpu or cuda:N")
      ->needs(model)
      ->capture_default_str();
  command->add_option("--threads", options->engine.threads, "0: all cores")->needs(model)->capture_default_str();
  command->callback([options, &chosen] { chosen = [options] { return Evaluate(*options); }; });
}

}  // namespace sgpsam::tools
