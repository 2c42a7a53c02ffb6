#include "client/cli/exit_code.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/reason.h"
#include "sgpsam/client.h"

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
    nlohmann::ordered_json object = {{"status", "error"}, {"code", name}, {"message", message}};
    if (const std::string reason = client::ErrorReason(status); !reason.empty()) {
      object["reason"] = reason;
      object["metadata"] = nlohmann::ordered_json::object();
      for (const auto& [key, value] : client::ErrorMetadata(status)) object["metadata"][key] = value;
    }
    std::puts(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    std::fprintf(stderr, "sgpsam: %s: %s\n", name.c_str(), message.c_str());
  }
  return code;
}

int FailToReadVolume(const absl::Status& status, bool json) {
  if (status.code() != absl::StatusCode::kFailedPrecondition) return FailForInput(status, json);
  return Fail(Prefixed(status, "--series: "), kExitUsage, json);
}

}  // namespace sgpsam::cli
