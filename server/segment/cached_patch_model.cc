#include "server/segment/cached_patch_model.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/statusor.h"
#include "core/base/status_macros.h"
#include "server/segment/content_keys.h"

namespace sgpsam {
namespace {

size_t SizeOf(const Embedding& embedding) {
  return (embedding.values.size() + embedding.gate_scores.size()) * sizeof(float);
}

}  // namespace

absl::StatusOr<EmbeddedPatch> CachedPatchModel::Embed(const Placement& placement) {
  const Digest key = EmbeddingKey(volume_key_, placement, scaling_, info().weights_digest);
  RETURN_IF_ERROR(served_.encodes_.Acquire(key, progress_.call(), served_.clock_));
  const absl::Cleanup release = [&] { served_.encodes_.Release(key); };
  std::shared_ptr<const Embedding> embedding = served_.embeddings_.Get(key);
  progress_.FoundEmbedding(embedding != nullptr);
  if (embedding != nullptr) return EmbeddedPatch{std::move(embedding), true};
  ASSIGN_OR_RETURN(embedding, Encode(placement));
  served_.embeddings_.Put(key, embedding, SizeOf(*embedding));
  return EmbeddedPatch{std::move(embedding), false};
}

absl::StatusOr<std::shared_ptr<const Embedding>> CachedPatchModel::Encode(const Placement& placement) {
  ASSIGN_OR_RETURN(Patch patch,
                   progress_.Do(Stage::kPrepare, [&] { return PreparePatch(volume_, placement, scaling_); }));
  ASSIGN_OR_RETURN(auto encoded, served_.pool_.Encode(std::move(patch), progress_.call(),
                                                      progress_.WaitingFor(Stage::kEncode)));
  progress_.Took(Stage::kQueue, encoded.queued);
  progress_.Took(Stage::kEncode, encoded.ran);
  return std::make_shared<const Embedding>(std::move(encoded.output));
}

absl::StatusOr<MaskLogits> CachedPatchModel::Decode(DecodeInput input) {
  ASSIGN_OR_RETURN(auto decoded, served_.pool_.Decode(std::move(input), progress_.call(),
                                                      progress_.WaitingFor(Stage::kPromptMask)));
  progress_.Took(Stage::kQueue, decoded.queued);
  progress_.Took(Stage::kPromptMask, decoded.ran);
  return std::move(decoded.output);
}

}  // namespace sgpsam
