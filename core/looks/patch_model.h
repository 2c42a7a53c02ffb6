// What answers for the patches of one volume: all that core/looks knows of a model. The server's caches and
// pool implement it (server/segment), or one engine (engine_patch_model.h),
// so that what is evaluated is what is served. Plain blocking calls.
#ifndef SGPSAM_CORE_LOOKS_PATCH_MODEL_H_
#define SGPSAM_CORE_LOOKS_PATCH_MODEL_H_

#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/stage.h"
#include "core/engine/engine.h"
#include "core/transform/placement.h"

namespace sgpsam {

struct EmbeddedPatch {
  std::shared_ptr<const Embedding> embedding;
  bool cached = false;  // nothing was encoded
};

class PatchModel {
 public:
  virtual ~PatchModel() = default;
  virtual const ModelInfo& info() const = 0;
  // INVALID_ARGUMENT: there is nothing to encode at this place (PreparePatch).
  virtual absl::StatusOr<EmbeddedPatch> Embed(const Placement& placement) = 0;
  virtual absl::StatusOr<MaskLogits> Decode(DecodeInput input) = 0;
  // Told before each patch: its number, from 1, and the most that the target may take.
  virtual void BeginPatch(int /*patch*/, int /*most*/) {}
  // Runs a step of the segmenter's own arithmetic; may time it, and end here if nobody waits any more.
  virtual absl::Status Compute(Stage /*stage*/, absl::FunctionRef<absl::Status()> step) { return step(); }
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_PATCH_MODEL_H_
