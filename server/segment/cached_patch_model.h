// What a server runs patches on: the pool of one model's replicas, and the embeddings that it has made. An
// embedding is encoded once, however many requests ask for it at the same time.
#ifndef SGPSAM_SERVER_SEGMENT_CACHED_PATCH_MODEL_H_
#define SGPSAM_SERVER_SEGMENT_CACHED_PATCH_MODEL_H_

#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/batching/content_cache.h"
#include "core/batching/worker_pool.h"
#include "core/looks/patch_model.h"
#include "core/metrics/metrics.h"
#include "core/transform/prepare.h"
#include "core/volume/volume.h"
#include "server/segment/request_progress.h"
#include "server/segment/single_flight.h"

namespace sgpsam {

// One for each model that is served; shared by all requests. Thread-safe.
class ServedModel {
 public:
  // `pool`, `clock` and `metrics` outlive it.
  ServedModel(WorkerPool& pool, size_t embedding_cache_bytes, Clock& clock, Metrics& metrics)
      : pool_(pool), clock_(clock), embeddings_(embedding_cache_bytes, metrics.embedding_cache) {}

  const ModelInfo& info() const { return pool_.info(); }
  size_t replicas() const { return pool_.devices().size(); }

 private:
  friend class CachedPatchModel;

  WorkerPool& pool_;
  Clock& clock_;
  ContentCache<Embedding> embeddings_;
  SingleFlight encodes_;
};

// The patches of one request's volume. One thread at a time.
class CachedPatchModel final : public PatchModel {
 public:
  // The references outlive it; `volume_key` is what EmbeddingKey takes.
  CachedPatchModel(ServedModel& served, const Digest& volume_key, const Volume& volume, PatchScaling scaling,
                   RequestProgress& progress)
      : served_(served),
        volume_key_(volume_key),
        volume_(volume),
        scaling_(std::move(scaling)),
        progress_(progress) {}

  const ModelInfo& info() const override { return served_.info(); }
  absl::StatusOr<EmbeddedPatch> Embed(const Placement& placement) override;
  absl::StatusOr<MaskLogits> Decode(DecodeInput input) override;
  void BeginPatch(int patch, int most) override { progress_.BeginPatch(patch, most); }
  absl::Status Compute(Stage stage, absl::FunctionRef<absl::Status()> step) override {
    return progress_.Do(stage, step);
  }

 private:
  absl::StatusOr<std::shared_ptr<const Embedding>> Encode(const Placement& placement);

  ServedModel& served_;
  const Digest& volume_key_;
  const Volume& volume_;
  const PatchScaling scaling_;
  RequestProgress& progress_;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SEGMENT_CACHED_PATCH_MODEL_H_
