// What `--save-logits` keeps and `--previous-logits` reads: per target the digest and samples of the
// mask logits and where they lie, as one JSON object, so that a later call goes on where an earlier one
// stopped.
#ifndef SGPSAM_CLIENT_CLI_LOGITS_FILE_H_
#define SGPSAM_CLIENT_CLI_LOGITS_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sgpsam/client.h"

namespace sgpsam::cli {

std::string LogitsToJson(const client::SegmentResult& result);

// Reads such a file. INVALID_ARGUMENT if it is not one, FAILED_PRECONDITION if it belongs to a volume
// with another digest (32 bytes), otherwise as ReadFile. Whether the numbers can be used, the server says.
absl::StatusOr<std::vector<client::PreviousLogits>> ReadLogitsFile(const std::string& path,
                                                                   const std::string& volume_sha256);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_LOGITS_FILE_H_
