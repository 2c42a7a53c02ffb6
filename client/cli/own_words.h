// The server's words in the command line's: what to type where a request was refused, by the reason that the
// server gave (proto/README.md), and targets by their labels. Pure functions.
#ifndef SGPSAM_CLIENT_CLI_OWN_WORDS_H_
#define SGPSAM_CLIENT_CLI_OWN_WORDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sgpsam/client.h"

namespace sgpsam::cli {

// "target 2: " at a warning's beginning gets the target's label, or goes where there is one target only.
// Whatever else the server says stays as it is.
std::string InOwnWords(absl::string_view warning, const std::vector<client::Target>& targets);

// Of an error that came from the server, its reason kept: the target as above; a field of the header as the
// option that sets it; and, by the reason, what to type instead. Of one without a reason only what the
// library says of the connection is worded.
absl::Status InOwnWords(const absl::Status& error, const std::vector<client::Target>& targets);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_OWN_WORDS_H_
