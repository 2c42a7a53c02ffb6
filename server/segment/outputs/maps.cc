// What can be had next to the masks in any format.
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "core/transform/restore.h"
#include "server/segment/outputs/output_format.h"

namespace sgpsam {
namespace {

constexpr absl::string_view kMediaType = "application/octet-stream";

}  // namespace

absl::StatusOr<Output> ProbabilitiesOutput(const Finding& finding, size_t target, const Geometry& geometry) {
  ASSIGN_OR_RETURN(ByteBuffer probabilities, RestoreProbabilities(finding.found.logits, geometry));
  return Output{OutputKind::kProbabilities, target, kMediaType, std::move(probabilities)};
}

absl::StatusOr<Output> UncertaintyOutput(const Finding& finding, size_t target, const Geometry& geometry) {
  ASSIGN_OR_RETURN(ByteBuffer spread, RestoreSpread(finding.found.spread, geometry));
  return Output{OutputKind::kUncertainty, target, kMediaType, std::move(spread)};
}

Output LogitsOutput(const Finding& finding, size_t target) {
  const std::vector<float>& values = finding.found.first.values;
  return {OutputKind::kLogits, target, kMediaType,
          std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float))};
}

}  // namespace sgpsam
