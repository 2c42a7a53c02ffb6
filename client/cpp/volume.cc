#include "sgpsam/volume.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/base/call_once.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/status_macros.h"

namespace sgpsam::client {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxFileBytes = (uint64_t{1} << 31) - 1;  // the contract's limit for a DICOM file
constexpr size_t kDicomMarkOffset = 128;                     // PS3.10 7.1
constexpr absl::string_view kDicomMark = "DICM";

absl::Status ReadError(const std::string& path, int error) {
  return absl::Status(absl::ErrnoToStatusCode(error),
                      absl::StrCat("cannot read ", path, ": ", strerror(error)));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code error;
  const uint64_t size = fs::file_size(path, error);
  if (error) return ReadError(path, error.value());
  std::ifstream in(path, std::ios::binary);
  if (!in) return ReadError(path, errno);
  std::string bytes(size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  if (static_cast<uint64_t>(in.gcount()) != size) {
    return absl::DataLossError(absl::StrCat("cannot read ", path, ": it became shorter while it was read"));
  }
  return bytes;
}

bool HasDicomMark(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  char mark[4];
  return in.seekg(kDicomMarkOffset) && in.read(mark, sizeof mark) &&
         absl::string_view(mark, sizeof mark) == kDicomMark;
}

// Sorted, so that the same folder gives the same order of files (and file numbers in errors) everywhere.
absl::StatusOr<std::vector<std::string>> DicomFilesIn(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code not_regular;
    if (!entry->is_regular_file(not_regular) || entry->path().filename() == "DICOMDIR") continue;
    if (HasDicomMark(entry->path().string())) paths.push_back(entry->path().string());
  }
  if (error) return ReadError(folder, error.value());
  if (paths.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(folder, " holds no DICOM file (none has the DICM mark; subfolders are not searched)"));
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool IsNiftiName(const std::string& path) {
  return absl::EndsWithIgnoreCase(path, ".nii") || absl::EndsWithIgnoreCase(path, ".nii.gz");
}

}  // namespace

struct Volume::State {
  Kind kind;
  std::vector<std::string> parts;
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
  auto state = std::make_shared<State>();
  state->kind = kind;
  state->parts = std::move(parts);
  state->grid = grid;
  for (const std::string& part : state->parts) state->size_bytes += part.size();
  return Volume(std::move(state));
}

Volume Volume::FromDicom(std::vector<std::string> files) { return Make(Kind::kDicom, std::move(files), {}); }
Volume Volume::FromNifti(std::string bytes) { return Make(Kind::kNifti, {std::move(bytes)}, {}); }
Volume Volume::FromSamples(const RawGrid& grid, std::string samples) {
  return Make(Kind::kRaw, {std::move(samples)}, grid);
}

absl::StatusOr<Volume> Volume::FromFiles(const std::vector<std::string>& paths) {
  if (paths.empty()) return absl::InvalidArgumentError("no files given");
  if (paths.size() > kMaxFiles) {
    return absl::InvalidArgumentError(
        absl::StrCat(paths.size(), " files, but a series may have at most ", kMaxFiles));
  }
  std::vector<std::string> files;
  files.reserve(paths.size());
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(std::string bytes, ReadFile(path));
    if (bytes.empty()) return absl::InvalidArgumentError(absl::StrCat(path, " is empty"));
    if (bytes.size() > kMaxFileBytes) {
      return absl::InvalidArgumentError(absl::StrCat(path, " is larger than a DICOM file may be, 2 GiB"));
    }
    files.push_back(std::move(bytes));
  }
  return FromDicom(std::move(files));
}

absl::StatusOr<Volume> Volume::FromPath(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return absl::NotFoundError(absl::StrCat(path, " does not exist"));
  if (fs::is_directory(status)) {
    ASSIGN_OR_RETURN(const std::vector<std::string> paths, DicomFilesIn(path));
    return FromFiles(paths);
  }
  if (!IsNiftiName(path)) return FromFiles({path});
  ASSIGN_OR_RETURN(std::string bytes, ReadFile(path));
  if (bytes.empty()) return absl::InvalidArgumentError(absl::StrCat(path, " is empty"));
  return FromNifti(std::move(bytes));
}

Volume::Kind Volume::kind() const { return state_->kind; }
uint64_t Volume::size_bytes() const { return state_->size_bytes; }
const std::vector<std::string>& Volume::parts() const { return state_->parts; }
const RawGrid& Volume::grid() const { return state_->grid; }

const std::string& Volume::sha256() const {
  absl::call_once(state_->hashed, [this] { state_->Hash(); });
  return state_->sha256;
}

}  // namespace sgpsam::client
