// synthesize: a made-up CT series with a lesion whose place and size are known.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/dicom/ct_series_writer.h"
#include "core/raw/nifti.h"
#include "nlohmann/json.hpp"
#include "tools/commands/commands.h"
#include "tools/synthesize/ct_phantom.h"

namespace sgpsam::tools {
namespace {

namespace fs = std::filesystem;

struct Options {
  CtPhantomOptions phantom;
  std::string out, nifti;
};

// A folder beside the wanted one, which takes its name when all files are in it.
class FolderInProgress {
 public:
  static absl::StatusOr<std::unique_ptr<FolderInProgress>> Create(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    std::error_code error;
    if (fs::exists(path, error) && !fs::is_empty(path, error)) {
      return absl::AlreadyExistsError(absl::StrCat(path, " exists and is not empty"));
    }
    fs::create_directories(fs::absolute(path).parent_path(), error);
    std::string temporary = absl::StrCat(path, ".XXXXXX");
    if (mkdtemp(temporary.data()) == nullptr) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot create ", path));
    }
    fs::permissions(temporary, fs::perms(0755), error);
    return std::unique_ptr<FolderInProgress>(new FolderInProgress(std::move(path), std::move(temporary)));
  }
  FolderInProgress(const FolderInProgress&) = delete;
  FolderInProgress& operator=(const FolderInProgress&) = delete;
  ~FolderInProgress() {
    std::error_code error;
    if (!temporary_.empty()) fs::remove_all(temporary_, error);
  }

  const std::string& path() const { return temporary_; }
  absl::Status Commit() {
    std::error_code error;
    fs::rename(temporary_, path_, error);  // replaces an empty folder
    if (error) return absl::UnavailableError(absl::StrCat("cannot create ", path_, ": ", error.message()));
    temporary_.clear();
    return absl::OkStatus();
  }

 private:
  FolderInProgress(std::string path, std::string temporary)
      : path_(std::move(path)), temporary_(std::move(temporary)) {}
  std::string path_, temporary_;
};

absl::StatusOr<size_t> WriteSeries(const CtPhantom& phantom, const Options& options) {
  CtSeriesOptions series;
  series.seed = options.phantom.seed;
  ASSIGN_OR_RETURN(const std::vector<std::string> files, WriteCtSeries(phantom.volume, series));
  ASSIGN_OR_RETURN(const std::unique_ptr<FolderInProgress> folder, FolderInProgress::Create(options.out));
  for (size_t n = 0; n < files.size(); ++n) {
    RETURN_IF_ERROR(WriteFileAtomically(absl::StrFormat("%s/ct%04d.dcm", folder->path(), n + 1), files[n]));
  }
  RETURN_IF_ERROR(folder->Commit());
  return files.size();
}

absl::Status Synthesize(const Options& options) {
  ASSIGN_OR_RETURN(const CtPhantom phantom, MakeCtPhantom(options.phantom));
  if (!options.nifti.empty()) {
    ASSIGN_OR_RETURN(const std::string nifti, WriteNifti(phantom.volume));
    RETURN_IF_ERROR(WriteFileAtomically(options.nifti, nifti));
  }
  ASSIGN_OR_RETURN(const size_t files, WriteSeries(phantom, options));
  const uint64_t voxels = phantom.lesion.CountVoxels();
  const WorldPoint& centre = phantom.lesion_centre;
  const nlohmann::ordered_json result = {
      {"folder", options.out},
      {"files", files},
      {"seed", options.phantom.seed},
      {"lesion",
       {{"centre_lps_mm", {centre.x, centre.y, centre.z}},
        {"voxels", voxels},
        {"volume_ml", static_cast<double>(voxels) * phantom.volume.geometry().voxel_ml()}}}};
  std::printf("%s\n", result.dump().c_str());
  return absl::OkStatus();
}

}  // namespace

void AddSynthesize(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "synthesize",
      "Write a made-up CT series with a lesion; print the lesion's centre and volume as one JSON line.");
  auto options = std::make_shared<Options>();
  command->add_option("--seed", options->phantom.seed, "Noise, and the lesion's place and outline")
      ->required();
  command->add_option("--out", options->out, "The folder to write; must not exist, or be empty")->required();
  command->add_option("--nifti", options->nifti, "Write the same volume here, too (.nii)");
  command->callback([options, &chosen] { chosen = [options] { return Synthesize(*options); }; });
}

}  // namespace sgpsam::tools
