#include "tools/commands/case_choice.h"

#include <cstdio>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "tools/learn/cases/case_names.h"
#include "tools/learn/cases/dataset_folder.h"
#include "tools/learn/cases/generated_cases.h"
#include "tools/learn/cases/painted_cases.h"
#include "tools/learn/cases/quoted.h"
#include "tools/learn/cases/split.h"

namespace sgpsam::tools {
namespace {

constexpr char kGenerated[] = "generated";  // the set's name
constexpr uint64_t kPaintSeed = 1;          // one case is always painted alike

// The two sides of one set.
struct Sides {
  std::string name;
  double weight = 1;
  std::shared_ptr<const CaseSource> training, validation;
};

absl::StatusOr<Sides> OpenFolder(const CaseChoice& choice, const DataSet& set) {
  ASSIGN_OR_RETURN(DatasetFolder folder, DatasetFolder::Open(set.folder, set.options));
  SplitOptions options;
  options.validation_fraction = choice.validation_fraction;
  options.fold = choice.fold;
  options.may_be_empty = choice.data.size() > 1 || choice.generated > 0 || !choice.hold_out.empty();
  ASSIGN_OR_RETURN(Split split, SplitFolder(folder, options));
  const auto all = std::make_shared<const DatasetFolder>(std::move(folder));
  return Sides{set.name, set.weight, std::make_shared<SomeCases>(all, std::move(split.training)),
               std::make_shared<SomeCases>(all, std::move(split.validation))};
}

Sides OpenGenerated(const CaseChoice& choice) {
  GeneratedCasesOptions options;
  options.seed = choice.generated_seed;
  options.cases = choice.generated;
  const bool shapes = choice.content == "shapes";
  options.split = shapes ? synthesis::Split::kPretrain : synthesis::Split::kTrain;
  Sides sides{kGenerated, choice.generated_weight, std::make_shared<GeneratedCases>(options), nullptr};
  options.cases = choice.validation_cases;
  // Shapes are only ever trained on, so those for validation are other ones of the same kind.
  if (shapes) {
    options.seed = ~choice.generated_seed;
  } else {
    options.split = synthesis::Split::kValidation;
  }
  sides.validation = std::make_shared<GeneratedCases>(options);
  return sides;
}

// The cases that nobody is to touch are taken out; `met` gathers their names.
std::shared_ptr<const CaseSource> Without(const CaseNames& names, std::shared_ptr<const CaseSource> cases,
                                          CaseNames& met) {
  std::vector<int64_t> kept;
  for (int64_t n = 0; n < cases->size(); ++n) {
    const std::string id = cases->id(n);
    if (names.count(id) > 0) {
      met.insert(id);
    } else {
      kept.push_back(n);
    }
  }
  return std::make_shared<SomeCases>(std::move(cases), std::move(kept));
}

absl::Status HoldOut(const std::string& file_or_list, std::vector<Sides>& sets) {
  ASSIGN_OR_RETURN(const CaseNames names, ReadCaseNames(file_or_list));
  CaseNames met;
  for (Sides& set : sets) {
    set.training = Without(names, set.training, met);
    set.validation = Without(names, set.validation, met);
  }
  if (met.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--hold-out ", file_or_list, ": no case has such a name"));
  }
  if (met.size() < names.size()) {
    std::fprintf(stderr, "sgpsam-model: --hold-out: %zu of its %zu names are of no case of these sets\n",
                 names.size() - met.size(), names.size());
  }
  return absl::OkStatus();
}

// A patient has one name in several sets. Split by hash it is on one side in all of them;
// files that say how sets are split can disagree.
absl::Status CheckSides(const std::vector<Sides>& sets) {
  std::map<std::string, std::string> trained_on;  // in which set
  for (const Sides& set : sets) {
    for (int64_t n = 0; n < set.training->size(); ++n) trained_on.emplace(set.training->id(n), set.name);
  }
  for (const Sides& set : sets) {
    for (int64_t n = 0; n < set.validation->size(); ++n) {
      const auto found = trained_on.find(set.validation->id(n));
      if (found == trained_on.end()) continue;
      return absl::InvalidArgumentError(absl::StrCat("case ", Quoted(found->first), " is trained on in ",
                                                     found->second, " and validated on in ", set.name,
                                                     ": split the sets alike"));
    }
  }
  return absl::OkStatus();
}

absl::Status TakeCrops(const std::string& cache, double margin_mm, const CropCache::Complaint& complain,
                       Sides& set) {
  const int64_t all = set.training->size();
  const auto progress = [&](int64_t n) {
    if (n % 10 == 0)
      std::fprintf(stderr, "%s: crops of %lld of %lld cases\n", set.name.c_str(), static_cast<long long>(n),
                   static_cast<long long>(all));
  };
  ASSIGN_OR_RETURN(CropCache crops, CropCache::Open(set.training, cache, margin_mm, complain, progress));
  set.training = std::make_shared<CropCache>(std::move(crops));
  return absl::OkStatus();
}

absl::Status CheckAnythingLeft(const TrainingCases& cases) {
  for (const CaseSet& set : cases.training->sets()) {
    if (set.cases->size() > 0) continue;
    return absl::InvalidArgumentError(absl::StrCat("no case of ", set.name, " is left to train on"));
  }
  return absl::OkStatus();
}

}  // namespace

void CaseChoice::AddOptions(CLI::App& command) {
  CLI::Option* folders = AddDataOptions(command, data, otherwise);
  command.add_option("--validation-fraction", validation_fraction, "Of their cases; never trained on")
      ->needs(folders)
      ->capture_default_str();
  command.add_option("--fold", fold, "Of a folder's splits_final.json, if it has one")
      ->check(CLI::NonNegativeNumber)
      ->needs(folders)
      ->capture_default_str();
  command
      .add_option(
          "--hold-out", hold_out,
          "Cases that are neither trained on nor validated on, in any set: names with commas, or a file "
          "with one a line; `evaluate --only` takes the same")
      ->needs(folders);
  command
      .add_option(
          "--cache", cache,
          "A folder, outside of any project, for crops around the lesions of all --data: they are read "
          "instead "
          "of whole volumes from then on, so that large sets fit into --memory; holds image data of patients")
      ->needs(folders);
  command
      .add_option(
          "--paint", paint,
          "Share of the lesions that are made up and painted into the images of all --data that are trained "
          "on, beside their own")
      ->check(CLI::Range(0.0, 0.95))
      ->needs(folders)
      ->capture_default_str();
  CLI::Option* made = command.add_option("--generated", generated, "Number of made-up cases; one more set")
                          ->check(CLI::PositiveNumber);
  command
      .add_option("--generated-weight", generated_weight, "How often they are drawn, against the other sets")
      ->check(CLI::Range(1e-6, 1e6))
      ->needs(made)
      ->capture_default_str();
  command.add_option("--content", content, "lesions, or shapes (organs, vessels, shapes; no lesions)")
      ->check(CLI::IsMember({"lesions", "shapes"}))
      ->needs(made)
      ->capture_default_str();
  command.add_option("--generated-seed", generated_seed, "Other made-up cases")
      ->check(CLI::Range(uint64_t{0}, uint64_t{synthesis::kMaxRunSeed}))
      ->needs(made)
      ->capture_default_str();
  command.add_option("--validation-cases", validation_cases, "Made-up cases to validate on")
      ->check(CLI::PositiveNumber)
      ->needs(made)
      ->capture_default_str();
}

absl::StatusOr<TrainingCases> CaseChoice::Open(double margin_mm, const CropCache::Complaint& complain) const {
  ASSIGN_OR_RETURN(const std::vector<DataSet> folders, ParseDataSets(data, otherwise));
  std::vector<Sides> sets;
  for (const DataSet& folder : folders) {
    ASSIGN_OR_RETURN(sets.emplace_back(), OpenFolder(*this, folder));
    if (generated > 0 && folder.name == kGenerated) {
      return absl::InvalidArgumentError("a folder's set cannot be called generated, too: add :name=… to it");
    }
  }
  if (generated > 0) sets.push_back(OpenGenerated(*this));
  if (sets.empty()) return absl::InvalidArgumentError("name the cases: --data FOLDER or --generated N");
  if (!hold_out.empty()) RETURN_IF_ERROR(HoldOut(hold_out, sets));
  RETURN_IF_ERROR(CheckSides(sets));
  for (Sides& set : sets) {
    if (set.name == kGenerated) continue;
    if (!cache.empty()) RETURN_IF_ERROR(TakeCrops(cache, margin_mm, complain, set));
    if (paint > 0) set.training = std::make_shared<PaintedCases>(set.training, paint, kPaintSeed);
  }
  std::vector<CaseSet> training, validation;
  for (const Sides& set : sets) {
    training.push_back({set.name, set.weight, set.training});
    validation.push_back({set.name, set.weight, set.validation});
  }
  TrainingCases cases{std::make_unique<CaseMix>(std::move(training)),
                      std::make_unique<CaseMix>(std::move(validation))};
  RETURN_IF_ERROR(CheckAnythingLeft(cases));
  return cases;
}

std::map<std::string, std::string> CaseChoice::Describe() const {
  std::map<std::string, std::string> options;
  if (!data.empty()) {
    options["data"] = absl::Utf8SafeCEscape(absl::StrJoin(data, " "));
    options["label"] = otherwise.label;
    options["channel"] = otherwise.channel;
    options["modality"] = otherwise.modality;
    options["validation_fraction"] = absl::StrCat(validation_fraction);
    options["fold"] = absl::StrCat(fold);
    options["paint"] = absl::StrCat(paint);
    options["crops"] = cache.empty() ? "no" : "yes";
  }
  if (generated > 0) {
    options["generated"] = absl::StrCat(generated);
    options["content"] = content;
    options["generated_seed"] = absl::StrCat(generated_seed);
    options["generated_weight"] = absl::StrCat(generated_weight);
  }
  return options;
}

}  // namespace sgpsam::tools
