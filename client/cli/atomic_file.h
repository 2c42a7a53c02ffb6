// Writes a file whole or not at all: a temporary file beside it, synced, then renamed. A reader, or a
// script that was interrupted, never sees half a segmentation.
#ifndef SGPSAM_CLIENT_CLI_ATOMIC_FILE_H_
#define SGPSAM_CLIENT_CLI_ATOMIC_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sgpsam::cli {

// Replaces a file that is there. On an error nothing is left behind.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_ATOMIC_FILE_H_
