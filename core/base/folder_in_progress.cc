#include "core/base/folder_in_progress.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

namespace fs = std::filesystem;

absl::Status CannotCreate(const std::string& path, const std::error_code& error) {
  return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot create ", path));
}

}  // namespace

FolderInProgress::FolderInProgress(std::string path) : path_(std::move(path)) {}

FolderInProgress::~FolderInProgress() {
  std::error_code error;
  if (!temporary_.empty()) fs::remove_all(temporary_, error);
}

absl::StatusOr<std::unique_ptr<FolderInProgress>> FolderInProgress::Create(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  std::error_code error;
  if (fs::exists(path, error) && !(fs::is_directory(path, error) && fs::is_empty(path, error))) {
    return absl::AlreadyExistsError(absl::StrCat(path, " exists and is not an empty folder"));
  }
  fs::create_directories(fs::absolute(path).parent_path(), error);
  if (error) return CannotCreate(path, error);
  std::unique_ptr<FolderInProgress> folder(new FolderInProgress(std::move(path)));
  RETURN_IF_ERROR(folder->Make());
  return folder;
}

// The system leaves of 0777 what the umask allows; others may look from Commit on.
absl::Status FolderInProgress::Make() {
  do {
    temporary_ = HiddenNameBeside(path_);
  } while (mkdir(temporary_.c_str(), 0777) != 0 && errno == EEXIST);
  struct stat status {};
  if (stat(temporary_.c_str(), &status) == 0) {
    mode_ = status.st_mode & 0777;
    if (chmod(temporary_.c_str(), 0700) == 0) return absl::OkStatus();
  }
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot create ", path_));
}

absl::Status FolderInProgress::AddFolder(absl::string_view name) {
  std::error_code error;
  fs::create_directories(absl::StrCat(temporary_, "/", name), error);
  return error ? CannotCreate(absl::StrCat(path_, "/", name), error) : absl::OkStatus();
}

absl::Status FolderInProgress::AddFile(absl::string_view name, absl::string_view bytes) {
  return WriteFileAtomically(absl::StrCat(temporary_, "/", name), bytes);
}

absl::Status FolderInProgress::Commit() {
  std::error_code error;
  fs::permissions(temporary_, fs::perms(mode_), error);
  if (!error) fs::rename(temporary_, path_, error);  // replaces an empty folder
  if (error) return CannotCreate(path_, error);
  temporary_.clear();
  return absl::OkStatus();
}

}  // namespace sgpsam
