// A folder that appears under its name only when complete: files go into a hidden folder next to it, for
// nobody else to read, which Commit renames and the destructor removes otherwise. For commands that write
// many files. One thread at a time.
#ifndef SGPSAM_CORE_BASE_FOLDER_IN_PROGRESS_H_
#define SGPSAM_CORE_BASE_FOLDER_IN_PROGRESS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sgpsam {

class FolderInProgress {
 public:
  // Makes the folders above it as needed. ALREADY_EXISTS if there is something of that name other than an
  // empty folder; other errors give the system's reason.
  static absl::StatusOr<std::unique_ptr<FolderInProgress>> Create(std::string path);
  ~FolderInProgress();
  FolderInProgress(const FolderInProgress&) = delete;
  FolderInProgress& operator=(const FolderInProgress&) = delete;

  // Makes a folder in it, and those above.
  absl::Status AddFolder(absl::string_view name);
  // Writes a file in it; `name` may begin with folders that were added.
  absl::Status AddFile(absl::string_view name, absl::string_view bytes);
  // Gives the folder its name. Nothing can be added afterwards.
  absl::Status Commit();

 private:
  explicit FolderInProgress(std::string path);
  absl::Status Make();

  std::string path_, temporary_;
  unsigned mode_ = 0;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_FOLDER_IN_PROGRESS_H_
