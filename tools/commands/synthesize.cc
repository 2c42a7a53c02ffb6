// synthesize: made-up CT whose lesions are known, as one DICOM series or as a data set of many cases.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/digest.h"
#include "core/base/file_io.h"
#include "core/base/folder_in_progress.h"
#include "core/base/status_macros.h"
#include "core/dicom/ct/ct_series_writer.h"
#include "core/raw/nifti_write.h"
#include "nlohmann/json.hpp"
#include "tools/commands/commands.h"
#include "tools/commands/parse.h"
#include "tools/synthesis/dataset.h"
#include "tools/synthesis/lesion_json.h"
#include "tools/synthesis/synthetic_case.h"

namespace sgpsam::tools {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  synthesis::DatasetOptions dataset;
  std::string split = "test", format = "dicom", shape, spacing, organ, out, nifti;
  uint32_t index = 0;
};

// The texts of the command line, which CLI11 has checked, become options.
void ParseTexts(Options& options) {
  options.dataset.split = *synthesis::ParseSplit(options.split);
  synthesis::CaseOptions& one = options.dataset.options;
  if (const auto shape = ParseWholeTriple(options.shape)) one.shape = {(*shape)[0], (*shape)[1], (*shape)[2]};
  one.spacing_mm = ParseTriple(options.spacing);
  one.lesions.organ = synthesis::ParseStructure(options.organ);
  one.content = synthesis::ContentOf(options.dataset.split);
  one.seed = synthesis::CaseSeed(options.dataset.split, options.dataset.run_seed, options.index);
}

// Names a series after what it shows, so that different images never share a UID.
uint64_t SeriesSeed(const Volume& image) {
  Sha256 digest;
  const WorldPoint& origin = image.geometry().origin();
  digest.Update(image.samples().data(), image.samples().size()).Update(&origin, sizeof(origin));
  const Digest bytes = digest.Finish();
  uint64_t seed = 0;
  std::memcpy(&seed, bytes.bytes.data(), sizeof(seed));
  return seed;
}

absl::StatusOr<size_t> WriteSeries(const Volume& image, const Options& options) {
  CtSeriesOptions series;
  series.seed = SeriesSeed(image);
  series.series_description =
      absl::StrCat("SYNTHETIC CT ", options.split, " ", options.dataset.run_seed, " ", options.index);
  ASSIGN_OR_RETURN(const std::vector<std::string> files, WriteCtSeries(image, series));
  ASSIGN_OR_RETURN(const std::unique_ptr<FolderInProgress> folder, FolderInProgress::Create(options.out));
  for (size_t n = 0; n < files.size(); ++n) {
    RETURN_IF_ERROR(folder->AddFile(absl::StrFormat("ct%04d.dcm", n + 1), files[n]));
  }
  RETURN_IF_ERROR(folder->Commit());
  return files.size();
}

absl::Status SynthesizeSeries(const Options& options) {
  if (options.dataset.cases != 1) return absl::InvalidArgumentError("--cases needs --format nnunet");
  ASSIGN_OR_RETURN(const synthesis::SyntheticCase made, synthesis::SynthesizeCase(options.dataset.options));
  if (!options.nifti.empty()) {
    ASSIGN_OR_RETURN(const std::string nifti, WriteNifti(made.image));
    RETURN_IF_ERROR(WriteFileAtomically(options.nifti, nifti));
  }
  ASSIGN_OR_RETURN(const size_t files, WriteSeries(made.image, options));
  const Json result = {
      {"folder", options.out},
      {"files", files},
      {"split", options.split},
      {"seed", options.dataset.run_seed},
      {"index", options.index},
      {"lesions", synthesis::LesionsJson(made.lesion_list, made.image.geometry().voxel_ml())}};
  std::printf("%s\n", result.dump().c_str());
  return absl::OkStatus();
}

absl::Status SynthesizeDataset(const Options& options) {
  if (!options.nifti.empty() || options.index != 0) {
    return absl::InvalidArgumentError("--nifti and --index need --format dicom");
  }
  ASSIGN_OR_RETURN(const std::vector<synthesis::WrittenCase> cases,
                   synthesis::WriteDataset(options.dataset, options.out));
  size_t lesions = 0;
  for (const synthesis::WrittenCase& one : cases) lesions += one.lesions.size();
  const Json result = {{"folder", options.out},
                       {"split", options.split},
                       {"seed", options.dataset.run_seed},
                       {"cases", cases.size()},
                       {"lesions", lesions}};
  std::printf("%s\n", result.dump().c_str());
  return absl::OkStatus();
}

absl::Status Synthesize(Options& options) {
  ParseTexts(options);
  return options.format == "nnunet" ? SynthesizeDataset(options) : SynthesizeSeries(options);
}

void AddLesionOptions(CLI::App& command, const std::shared_ptr<Options>& options) {
  synthesis::LesionOptions& lesions = options->dataset.options.lesions;
  command.add_option("--lesions", lesions.count, "How many lesions (drawn: 1 to 6)");
  command.add_option("--diameter", lesions.diameter_mm,
                     "Of each, mm, as of a ball of its volume (drawn: 4 to 60)");
  command.add_option("--contrast", lesions.contrast_hu,
                     "Of each against its organ, HU (drawn: 15 to 70, mostly darker)");
  command.add_option("--organ", options->organ, "Of each (drawn, mostly liver)")
      ->check(CLI::IsMember({"liver", "spleen", "right_kidney", "left_kidney", "muscle", "fat"}));
}

}  // namespace

void AddSynthesize(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "synthesize",
      "Write made-up CT with known lesions, as a DICOM series or a data set; print one JSON line about it.");
  auto options = std::make_shared<Options>();
  synthesis::DatasetOptions& dataset = options->dataset;
  command->add_option("--seed", dataset.run_seed, "Which cases: the same seed gives the same ones")
      ->required()
      ->check(CLI::Range(uint32_t{0}, synthesis::kMaxRunSeed));
  command->add_option("--out", options->out, "The folder to write; must not exist, or be empty")->required();
  command
      ->add_option("--split", options->split,
                   "Cases of different splits never agree; pretrain has shapes instead of lesions")
      ->check(CLI::IsMember({"train", "validation", "test", "pretrain"}))
      ->capture_default_str();
  command->add_option("--index", options->index, "Which case of the seed (dicom)")->capture_default_str();
  command
      ->add_option("--format", options->format, "dicom: one series; nnunet: imagesTr, labelsTr, dataset.json")
      ->check(CLI::IsMember({"dicom", "nnunet"}))
      ->capture_default_str();
  command->add_option("--cases", dataset.cases, "How many cases (nnunet)")->capture_default_str();
  command->add_option("--shape", options->shape, "Voxels (default 256,256,96)")->check(IsWholeTriple());
  command->add_option("--spacing", options->spacing, "mm (drawn: 0.7 to 0.9 in plane, slices of 1 to 5)")
      ->check(IsTriple());
  command->add_option("--noise", dataset.options.noise_hu, "Standard deviation, HU (drawn: 4 to 30)");
  AddLesionOptions(*command, options);
  command->add_option("--nifti", options->nifti, "Write the same volume here, too (.nii; dicom)");
  command->callback([options, &chosen] { chosen = [options] { return Synthesize(*options); }; });
}

}  // namespace sgpsam::tools
