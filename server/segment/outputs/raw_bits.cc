// The masks themselves, one bit a voxel, one output a target.
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/segment/outputs/output_format.h"

namespace sgpsam {
namespace {

absl::Status WriteBits(const OutputContext& /*context*/, absl::Span<Finding> findings,
                       std::vector<Output>& outputs) {
  for (size_t t = 0; t < findings.size(); ++t) {
    outputs.push_back({OutputKind::kMask, t, "application/octet-stream", std::move(findings[t].found.mask)});
  }
  return absl::OkStatus();
}

}  // namespace

const OutputFormat kRawBitsOutput{"RAW_BITS", false, false, nullptr, WriteBits};

}  // namespace sgpsam
