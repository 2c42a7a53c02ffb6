// The files in a .zip, .tar or .tar.gz, one after the other, in memory (libarchive). Bytes are hostile:
// sizes, numbers and what they grow to are bounded.
#ifndef SGPSAM_CLIENT_CPP_ARCHIVE_FILE_H_
#define SGPSAM_CLIENT_CPP_ARCHIVE_FILE_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sgpsam::client {

bool IsArchiveName(absl::string_view path);

// Calls `take` with name and bytes of every regular file, until it fails; of what does not look like DICOM
// (core/dicom/folder/file_summary.h) with its first kDicomHeadBytes alone, the rest is passed over.
// INVALID_ARGUMENT, naming the archive, if it is damaged, encrypted, holds more than 100,000 entries or grows
// to more than 16 GiB or 1000 times its size. What is inflated counts:
// of a .zip what is read, of a .tar.gz all of it.
absl::Status ReadArchive(const std::string& path,
                         absl::FunctionRef<absl::Status(const std::string& name, std::string bytes)> take);

}  // namespace sgpsam::client

#endif  // SGPSAM_CLIENT_CPP_ARCHIVE_FILE_H_
