#include "tools/commands/read_volume.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/byte_buffer.h"
#include "core/base/call_context.h"
#include "core/base/file_io.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/dicom/series/series_reader.h"
#include "core/raw/nifti.h"

namespace sgpsam::tools {
namespace {

absl::StatusOr<std::vector<std::string>> FilesOf(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  std::filesystem::directory_iterator entry(path, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->is_regular_file(error)) files.push_back(entry->path().string());
  }
  if (error) return absl::UnavailableError(absl::StrCat("cannot list: ", error.message()));
  if (files.empty()) return absl::NotFoundError("the folder has no files");
  std::sort(files.begin(), files.end());
  return files;
}

absl::StatusOr<Volume> ReadSeriesFiles(const std::vector<std::string>& paths) {
  const SeriesLimits limits;
  if (paths.size() > static_cast<size_t>(limits.max_files)) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", limits.max_files, " files"));
  }
  std::vector<ByteBuffer> files;
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(files.emplace_back(), ReadFile(path));
  }
  ASSIGN_OR_RETURN(DicomSeries read, ReadSeries(std::move(files), limits, CallContext()));
  return std::move(read.volume);
}

absl::StatusOr<Volume> ReadAny(const std::string& path) {
  if (absl::EndsWith(path, ".nii") || absl::EndsWith(path, ".nii.gz")) {
    ASSIGN_OR_RETURN(ByteBuffer bytes, ReadFile(path));
    return ReadNifti(std::move(bytes));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesOf(path));
  return ReadSeriesFiles(files);
}

}  // namespace

absl::StatusOr<Volume> ReadVolume(const std::string& path) {
  absl::StatusOr<Volume> volume = ReadAny(path);
  if (volume.ok() || absl::StrContains(volume.status().message(), path)) return volume;
  return Prefixed(volume.status(), absl::StrCat(path, ": "));
}

}  // namespace sgpsam::tools
