#include "core/looks/engine_patch_model.h"

#include <utility>

#include "core/base/status_macros.h"

namespace sgpsam {

absl::StatusOr<EmbeddedPatch> EnginePatchModel::Embed(const Placement& placement) {
  std::shared_ptr<const Embedding>& kept =
      embeddings_[{placement.spacing_mm, placement.begin, placement.grid.first_source}];
  if (kept != nullptr) return EmbeddedPatch{kept, true};
  ASSIGN_OR_RETURN(const Patch patch, PreparePatch(volume_, placement, scaling_));
  const Patch* const patches[] = {&patch};
  auto embeddings = engine_.Encode(patches);
  RETURN_IF_ERROR(embeddings.at(0).status());
  kept = std::make_shared<const Embedding>(*std::move(embeddings[0]));
  return EmbeddedPatch{kept, false};
}

absl::StatusOr<MaskLogits> EnginePatchModel::Decode(DecodeInput input) {
  const DecodeInput* const inputs[] = {&input};
  return std::move(engine_.Decode(inputs).at(0));
}

}  // namespace sgpsam
