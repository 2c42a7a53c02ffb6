// The server's words in the command line's: what it calls by the contract's names, a user knows as options,
// and targets by their labels. A pure function.
#ifndef SGPSAM_CLIENT_CLI_OWN_WORDS_H_
#define SGPSAM_CLIENT_CLI_OWN_WORDS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sgpsam/client.h"

namespace sgpsam::cli {

// `message`: an error or a warning. "target 2: " at its beginning gets the target's label, or goes where
// there is one target only. Whatever else the server says stays as it is.
std::string InOwnWords(absl::string_view message, const std::vector<client::Target>& targets);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_OWN_WORDS_H_
