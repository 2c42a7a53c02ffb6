#include "tools/commands/case_choice.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "tools/learn/cases/dataset_folder.h"
#include "tools/learn/cases/generated_cases.h"
#include "tools/learn/cases/split.h"

namespace sgpsam::tools {
namespace {

// Some of a folder's cases.
class SomeCases final : public CaseSource {
 public:
  SomeCases(std::shared_ptr<const CaseSource> all, std::vector<int64_t> chosen)
      : all_(std::move(all)), chosen_(std::move(chosen)) {}

  int64_t size() const override { return static_cast<int64_t>(chosen_.size()); }
  std::string id(int64_t index) const override { return all_->id(chosen_.at(static_cast<size_t>(index))); }
  absl::StatusOr<Case> Read(int64_t index) const override {
    if (index < 0 || index >= size()) return absl::OutOfRangeError("no such case");
    return all_->Read(chosen_[static_cast<size_t>(index)]);
  }

 private:
  std::shared_ptr<const CaseSource> all_;
  std::vector<int64_t> chosen_;
};

absl::StatusOr<TrainingCases> OpenFolder(const CaseChoice& choice) {
  DatasetOptions options;
  options.label = choice.label;
  options.channel = choice.channel;
  ASSIGN_OR_RETURN(DatasetFolder folder, DatasetFolder::Open(choice.folder, options));
  SplitOptions split_options;
  split_options.validation_fraction = choice.validation_fraction;
  split_options.fold = choice.fold;
  ASSIGN_OR_RETURN(Split split, SplitFolder(folder, split_options));
  const auto all = std::make_shared<const DatasetFolder>(std::move(folder));
  return TrainingCases{std::make_unique<SomeCases>(all, std::move(split.training)),
                       std::make_unique<SomeCases>(all, std::move(split.validation))};
}

}  // namespace

void CaseChoice::AddOptions(CLI::App& command) {
  CLI::Option* data = command.add_option(
      "--data", folder, "Folder in the layout of MSD or nnU-Net: dataset.json, imagesTr, labelsTr");
  command.add_option("--label", label, "Which of its labels is the target, by name or value")->needs(data);
  command.add_option("--channel", channel, "Which of its channels is the image")->needs(data);
  command.add_option("--validation-fraction", validation_fraction, "Of its cases; never trained on")
      ->needs(data)
      ->capture_default_str();
  command.add_option("--fold", fold, "Of the folder's splits_final.json, if it has one")
      ->check(CLI::NonNegativeNumber)
      ->needs(data)
      ->capture_default_str();
  CLI::Option* made =
      command.add_option("--generated", generated, "Number of made-up cases instead of a folder")
          ->check(CLI::PositiveNumber)
          ->excludes(data);
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

absl::StatusOr<TrainingCases> CaseChoice::Open() const {
  if (!folder.empty()) return OpenFolder(*this);
  if (generated == 0) return absl::InvalidArgumentError("name the cases: --data FOLDER or --generated N");
  GeneratedCasesOptions options;
  options.seed = generated_seed;
  options.cases = generated;
  options.split = content == "shapes" ? synthesis::Split::kPretrain : synthesis::Split::kTrain;
  TrainingCases cases;
  cases.training = std::make_unique<GeneratedCases>(options);
  options.cases = validation_cases;
  // Shapes are only ever trained on, so those for validation are other ones of the same kind.
  if (content == "shapes") {
    options.seed = ~generated_seed;
  } else {
    options.split = synthesis::Split::kValidation;
  }
  cases.validation = std::make_unique<GeneratedCases>(options);
  return cases;
}

std::string CaseChoice::Describe() const {
  if (!folder.empty()) {
    return absl::StrCat("data=", absl::Utf8SafeCEscape(folder), " label=", label, " channel=", channel,
                        " validation-fraction=", validation_fraction, " fold=", fold);
  }
  return absl::StrCat("generated=", generated, " content=", content, " seed=", generated_seed);
}

}  // namespace sgpsam::tools
