// evaluate: what a model's masks are worth after 1, 3 and 5 clicks, by the size of the lesions.
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/cases/dataset_folder.h"
#include "core/engine/torch_engine.h"
#include "core/evaluation/evaluation_report.h"
#include "core/evaluation/report_formats.h"
#include "tools/commands/commands.h"
#include "tools/training/evaluate_case.h"
#include "tools/training/generated_cases.h"

namespace sgpsam::tools {
namespace {

constexpr char kModels[] = "model's", kAuto[] = "auto";

struct Options {
  std::string model, csv, clicks = "centre", spacing = kModels;
  DatasetOptions dataset;
  std::string folder;
  GeneratedCasesOptions generated{synthesis::Split::kTest, 0, 0, {192, 192, 96}};
  EvaluateOptions evaluate;
  TorchEngineOptions engine;
  bool json = false;
};

absl::StatusOr<std::unique_ptr<CaseSource>> OpenCases(const Options& options) {
  if (options.folder.empty() == (options.generated.cases == 0)) {
    return absl::InvalidArgumentError("name the cases: --data FOLDER, or --cases N for made-up ones");
  }
  if (options.folder.empty()) return std::make_unique<GeneratedCases>(options.generated);
  ASSIGN_OR_RETURN(DatasetFolder folder, DatasetFolder::Open(options.folder, options.dataset));
  return std::make_unique<DatasetFolder>(std::move(folder));
}

absl::StatusOr<EvaluateOptions> Complete(const Options& options) {
  EvaluateOptions evaluate = options.evaluate;
  evaluate.clicks = options.clicks == "centre" ? ClickStrategy::kCentre : ClickStrategy::kRandom;
  if (options.spacing == kAuto) evaluate.target.auto_spacing = true;
  if (options.spacing == kAuto || options.spacing == kModels) return evaluate;
  double spacing = 0;
  if (!absl::SimpleAtod(options.spacing, &spacing) || !(spacing >= 0.25 && spacing <= 3)) {
    return absl::InvalidArgumentError("--spacing takes 0.25 to 3 mm, or auto");
  }
  evaluate.target.spacing_mm = spacing;
  return evaluate;
}

// Cases that cannot be read are named on stderr and passed over: one bad file does not spoil an evaluation.
absl::StatusOr<std::vector<LesionScores>> EvaluateAll(const CaseSource& cases, Engine& engine,
                                                      const EvaluateOptions& options) {
  std::vector<LesionScores> all;
  const bool terminal = isatty(STDERR_FILENO) == 1;
  for (int64_t n = 0; n < cases.size(); ++n) {
    if (terminal) std::fprintf(stderr, "\r%s", absl::StrCat("case ", n + 1, " of ", cases.size()).c_str());
    const absl::StatusOr<Case> read = cases.Read(n);
    if (!read.ok()) {
      std::fprintf(stderr, "sgpsam-model: passed over: %s\n", std::string(read.status().message()).c_str());
      continue;
    }
    EvaluateOptions own = options;
    own.seed = options.seed + (static_cast<uint64_t>(n) << 32);
    ASSIGN_OR_RETURN(std::vector<LesionScores> scores, EvaluateCase(*read, engine, own));
    for (LesionScores& lesion : scores) all.push_back(std::move(lesion));
  }
  if (terminal) std::fprintf(stderr, "\n");
  if (all.empty()) return absl::InvalidArgumentError("none of the cases has anything to segment");
  return all;
}

absl::Status Evaluate(const Options& options) {
  if (!options.csv.empty()) RETURN_IF_ERROR(CheckPlace(options.csv));
  ASSIGN_OR_RETURN(const EvaluateOptions evaluate, Complete(options));
  ASSIGN_OR_RETURN(const std::unique_ptr<CaseSource> cases, OpenCases(options));
  ASSIGN_OR_RETURN(const std::unique_ptr<TorchEngine> engine,
                   TorchEngine::Create(options.model, options.engine));
  ASSIGN_OR_RETURN(std::vector<LesionScores> scores, EvaluateAll(*cases, *engine, evaluate));
  const EvaluationReport report = MakeReport(std::move(scores));
  std::printf("%s\n", options.json ? ToJson(report).c_str() : ToTable(report).c_str());
  return options.csv.empty() ? absl::OkStatus() : WriteFileAtomically(options.csv, ToCsv(report.lesions));
}

}  // namespace

void AddEvaluate(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "evaluate",
      "Click on every lesion of many cases; print Dice and surface Dice at 2 mm after 1, 3 and 5 clicks.");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "The model file")->required();
  CLI::Option* data = command->add_option(
      "--data", options->folder, "Folder in the layout of MSD or nnU-Net: dataset.json, imagesTr, labelsTr");
  command
      ->add_option("--label", options->dataset.label, "Which of its labels is the target, by name or value")
      ->needs(data);
  command->add_option("--channel", options->dataset.channel, "Which of its channels is the image")
      ->needs(data);
  CLI::Option* made =
      command->add_option("--cases", options->generated.cases, "So many made-up cases of the test split")
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
      ->add_option("--max-patches", options->evaluate.target.max_patches, "Of one lesion; 1: the first alone")
      ->check(CLI::Range(1, kMostPatches))
      ->capture_default_str();
  command
      ->add_option("--spacing", options->spacing,
                   "Of the patches: millimetres, or auto, which looks at small lesions closer; unless given, "
                   "as a server does: auto if the model has learned from finer patches than 1.5 mm, else 1.5")
      ->capture_default_str();
  command->add_option("--csv", options->csv, "Write a line for each lesion here, too");
  command->add_flag("--json", options->json, "Print JSON instead of a table");
  command->add_option("--device", options->engine.device, "auto, cpu or cuda:N")->capture_default_str();
  command->add_option("--threads", options->engine.threads, "0: all cores")->capture_default_str();
  command->callback([options, &chosen] { chosen = [options] { return Evaluate(*options); }; });
}

}  // namespace sgpsam::tools
