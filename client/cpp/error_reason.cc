// ErrorReason and ErrorMetadata of sgpsam/client.h.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/reason.h"
#include "sgpsam/client.h"

namespace sgpsam::client {

std::string ErrorReason(const absl::Status& status) {
  std::optional<ReasonInfo> info = ReasonInfoOf(status);
  return info ? std::move(info->name) : std::string();
}

std::vector<std::pair<std::string, std::string>> ErrorMetadata(const absl::Status& status) {
  std::optional<ReasonInfo> info = ReasonInfoOf(status);
  return info ? std::move(info->metadata) : ReasonMetadata();
}

}  // namespace sgpsam::client
