// Addresses to listen on, as flags have them. A pure function.
#ifndef SGPSAM_SERVER_PROGRAM_ADDRESS_H_
#define SGPSAM_SERVER_PROGRAM_ADDRESS_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sgpsam {

// Host and port of "host:port" or "[v6]:port". INVALID_ARGUMENT if it is neither.
absl::StatusOr<std::pair<std::string, int>> ParseAddress(absl::string_view address);

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_PROGRAM_ADDRESS_H_
