// Paths that a user names -> the DICOM files of one series that lie there: folders with their subfolders,
// archives, single files. Files are sorted as the server sorts them (core/dicom/folder/series_choice.h);
// nothing is written to disk.
#ifndef SGPSAM_CLIENT_CPP_INPUT_FILES_H_
#define SGPSAM_CLIENT_CPP_INPUT_FILES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/dicom/folder/series_choice.h"

namespace sgpsam::client {

inline constexpr size_t kMaxFilesLookedAt = 200'000;

struct InputFiles {
  std::vector<std::string> names;  // path, or path of the archive and name in it
  std::vector<std::string> bytes;  // of each
  std::vector<sgpsam::PassedOver> passed_over;
};

// In the order of their paths. Links are followed, loops noticed. NOT_FOUND, PERMISSION_DENIED or
// INVALID_ARGUMENT name what could not be read; FAILED_PRECONDITION lists the series where `series`
// (SeriesInstanceUID, SeriesNumber or empty) does not tell which one is meant.
// At most `max_files` are looked at, and at most as many in one folder; more are INVALID_ARGUMENT.
absl::StatusOr<InputFiles> ReadInputFiles(const std::vector<std::string>& paths, absl::string_view series,
                                          size_t max_files = kMaxFilesLookedAt);

// One whole regular file.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

// "file 3 …" and "files 2, 5 and 7 …" of the server's messages, counted from 1, with the names after the
// numbers.
std::string WithFileNames(absl::string_view message, const std::vector<std::string>& names);

}  // namespace sgpsam::client

#endif  // SGPSAM_CLIENT_CPP_INPUT_FILES_H_
