#include "client/cli/exit_code.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"

namespace sgpsam::cli {

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk: return kExitOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kUnimplemented: return kExitRefused;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted: return kExitUnavailable;
    case absl::StatusCode::kDeadlineExceeded: return kExitDeadline;
    default: return kExitFailed;
  }
}

ExitCode ExitCodeOfInput(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk: return kExitOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented: return kExitRefused;
    default: return kExitFailed;
  }
}

int Fail(const absl::Status& status, ExitCode code, bool json) {
  const std::string name = absl::StatusCodeToString(status.code());
  const std::string message(status.message());
  if (json) {
    const nlohmann::ordered_json object = {{"status", "error"}, {"code", name}, {"message", message}};
    std::puts(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    std::fprintf(stderr, "sgpsam: %s: %s\n", name.c_str(), message.c_str());
  }
  return code;
}

int FailToReadVolume(const absl::Status& status, bool json) {
  if (status.code() != absl::StatusCode::kFailedPrecondition) return FailForInput(status, json);
  return Fail(absl::Status(status.code(), absl::StrCat("--series: ", status.message())), kExitUsage, json);
}

}  // namespace sgpsam::cli
