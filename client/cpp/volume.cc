#include "sgpsam/volume.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/base/call_once.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cpp/input_files.h"
#include "core/base/digest.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/dicom/folder/series_choice.h"

namespace sgpsam::client {
namespace {

namespace fs = std::filesystem;

// The installed header sees none of core's.
static_assert(Volume::kMaxFiles == kMaxSeriesFiles);

bool IsNiftiName(const std::string& path) {
  return absl::EndsWithIgnoreCase(path, ".nii") || absl::EndsWithIgnoreCase(path, ".nii.gz");
}

absl::StatusOr<std::string> ReadNiftiFile(const std::string& path) {
  ASSIGN_OR_RETURN(const InputFile file, InputFile::Open(path));
  if (file.size() == 0) return absl::InvalidArgumentError(absl::StrCat(path, " is empty"));
  std::string bytes(static_cast<size_t>(file.size()), '\0');
  RETURN_IF_ERROR(file.Read(0, bytes.data(), bytes.size()));
  return bytes;
}

}  // namespace

struct Volume::State {
  Kind kind;
  std::vector<std::string> parts, names;
  std::vector<PassedOver> passed_over;
  RawGrid grid;
  uint64_t size_bytes = 0;
  mutable absl::once_flag hashed;
  mutable std::string sha256;

  void Hash() const {
    std::vector<Digest> digests;
    for (const std::string& part : parts) digests.push_back(Sha256::Of(part));
    sha256 = (kind == Kind::kDicom ? DigestOfSet(digests) : digests.front()).ToBytes();
  }
};

Volume Volume::Make(Kind kind, std::vector<std::string> parts, const RawGrid& grid) {
  return Volume(MakeState(kind, std::move(parts), grid));
}

std::shared_ptr<Volume::State> Volume::MakeState(Kind kind, std::vector<std::string> parts,
                                                 const RawGrid& grid) {
  auto state = std::make_shared<State>();
  state->kind = kind;
  state->parts = std::move(parts);
  state->grid = grid;
  for (const std::string& part : state->parts) state->size_bytes += part.size();
  return state;
}

Volume Volume::FromDicom(std::vector<std::string> files) { return Make(Kind::kDicom, std::move(files), {}); }
Volume Volume::FromNifti(std::string bytes) { return Make(Kind::kNifti, {std::move(bytes)}, {}); }
Volume Volume::FromSamples(const RawGrid& grid, std::string samples) {
  return Make(Kind::kRaw, {std::move(samples)}, grid);
}

absl::StatusOr<Volume> Volume::FromFiles(const std::vector<std::string>& paths, const std::string& series) {
  if (paths.empty()) return absl::InvalidArgumentError("no files given");
  ASSIGN_OR_RETURN(InputFiles files, ReadInputFiles(paths, series));
  if (files.bytes.size() > kMaxFiles) {
    return absl::InvalidArgumentError(
        absl::StrCat(files.bytes.size(), " files, but a series may have at most ", kMaxFiles));
  }
  std::shared_ptr<State> state = MakeState(Kind::kDicom, std::move(files.bytes), {});
  state->names = std::move(files.names);
  for (const sgpsam::PassedOver& some : files.passed_over)
    state->passed_over.push_back({some.kind, some.files});
  return Volume(std::move(state));
}

absl::StatusOr<Volume> Volume::FromPath(const std::string& path, const std::string& series) {
  std::error_code error;
  if (!IsNiftiName(path) || fs::is_directory(path, error)) return FromFiles({path}, series);
  if (!series.empty())
    return absl::FailedPreconditionError(absl::StrCat(path, " is NIfTI, which has no series"));
  ASSIGN_OR_RETURN(std::string bytes, ReadNiftiFile(path));
  return FromNifti(std::move(bytes));
}

Volume::Kind Volume::kind() const { return state_->kind; }
uint64_t Volume::size_bytes() const { return state_->size_bytes; }
const std::vector<std::string>& Volume::parts() const { return state_->parts; }
const std::vector<std::string>& Volume::names() const { return state_->names; }
const std::vector<PassedOver>& Volume::passed_over() const { return state_->passed_over; }
std::string Volume::WithFileNames(const std::string& message) const {
  return client::WithFileNames(message, state_->names);
}
const RawGrid& Volume::grid() const { return state_->grid; }

const std::string& Volume::sha256() const {
  absl::call_once(state_->hashed, [this] { state_->Hash(); });
  return state_->sha256;
}

}  // namespace sgpsam::client
