// An Engine whose answers are simple functions of its inputs, so that tests can tell whose is whose:
//   embedding value n  = the patch's value at n * patch_floats / embedding_floats, gate scores 0.75;
//   mask logits        = a ball of patch / 8 voxels around every positive click and the inside of a box,
//                        minus a ball around every negative click (positive inside, in patch voxels of
//                        distance to the surface);
//   iou_prediction     = 1 / (1 + |embedding value 0|).
// Hooks make it slow, fail or die on command.
#ifndef SGPSAM_TESTS_SUPPORT_FAKE_ENGINE_H_
#define SGPSAM_TESTS_SUPPORT_FAKE_ENGINE_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/engine/engine.h"

namespace sgpsam {

// A door that holds a fake engine's thread until the test opens it. Thread-safe.
class Gate {
 public:
  explicit Gate(bool open = true) : open_(open) {}
  void Close() { Set(false); }
  void Open() { Set(true); }
  // Called by the engine's hook.
  void Pass() {
    absl::MutexLock lock(&mutex_);
    ++arrived_;
    mutex_.Await(absl::Condition(&open_));
  }
  // Blocks until `count` calls have arrived in all.
  void AwaitArrivals(int count) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&] { return arrived_ >= count; };
    mutex_.Await(absl::Condition(&enough));
  }

 private:
  void Set(bool open) {
    absl::MutexLock lock(&mutex_);
    open_ = open;
  }

  absl::Mutex mutex_;
  bool open_ ABSL_GUARDED_BY(mutex_);
  int arrived_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Run at the start of each call, on the calling thread. A status that is not OK answers every item;
// UNAVAILABLE also kills the engine until Restart.
struct FakeEngineHooks {
  std::function<absl::Status(absl::Span<const Patch* const>)> encode = nullptr;
  std::function<absl::Status(absl::Span<const DecodeInput* const>)> decode = nullptr;
  std::function<absl::Status()> restart = nullptr;
};

class FakeEngine : public Engine {
 public:
  using Hooks = FakeEngineHooks;

  explicit FakeEngine(ModelInfo info = TinyModel(), Hooks hooks = {})
      : info_(std::move(info)), hooks_(std::move(hooks)) {}

  // 16 voxels a side: quick to copy and to compare.
  static ModelInfo TinyModel() {
    ModelInfo info = FullSizeModel();
    info.sizes = {.patch = 16, .embedding_channels = 4, .embedding_side = 1, .logits_side = 4};
    return info;
  }
  // The sizes of vit_b_ori.
  static ModelInfo FullSizeModel() {
    ModelInfo info;
    info.name = "fake";
    info.version = "1.0";
    info.weights_digest.bytes.fill(0xfa);
    info.precision = "fp32";
    info.device = "cpu";
    info.gate_blocks = {2, 5, 8, 11};
    return info;
  }

  const ModelInfo& info() const override { return info_; }

  std::vector<absl::StatusOr<Embedding>> Encode(absl::Span<const Patch* const> patches) override {
    return Run<Embedding>(patches, hooks_.encode, [this](const Patch& patch) { return EncodeOne(patch); });
  }

  std::vector<absl::StatusOr<MaskLogits>> Decode(absl::Span<const DecodeInput* const> inputs) override {
    return Run<MaskLogits>(inputs, hooks_.decode,
                           [this](const DecodeInput& input) { return DecodeOne(input); });
  }

  bool alive() const override { return alive_.load(); }
  void Die() { alive_ = false; }  // from any thread

  absl::Status Restart() override {
    const absl::Status status = hooks_.restart ? hooks_.restart() : absl::OkStatus();
    alive_ = status.ok();
    return status;
  }

 private:
  template <typename Output, typename Input, typename Hook, typename One>
  std::vector<absl::StatusOr<Output>> Run(absl::Span<const Input* const> inputs, const Hook& hook,
                                          const One& one) {
    absl::Status status = hook ? hook(inputs) : absl::OkStatus();
    if (absl::IsUnavailable(status)) alive_ = false;
    std::vector<absl::StatusOr<Output>> results;
    for (const Input* input : inputs) {
      if (status.ok()) {
        results.push_back(one(*input));
      } else {
        results.push_back(status);
      }
    }
    return results;
  }

  absl::StatusOr<Embedding> EncodeOne(const Patch& patch) const {
    if (patch.values.size() != static_cast<size_t>(info_.sizes.patch_floats())) {
      return absl::InvalidArgumentError("the patch has the wrong size");
    }
    Embedding embedding;
    const int64_t count = info_.sizes.embedding_floats();
    embedding.values.resize(count);
    for (int64_t n = 0; n < count; ++n) {
      embedding.values[n] = patch.values[n * info_.sizes.patch_floats() / count];
    }
    embedding.gate_scores.assign(info_.gate_blocks.size(), 0.75f);
    return embedding;
  }

  absl::StatusOr<MaskLogits> DecodeOne(const DecodeInput& input) const {
    if (input.embedding == nullptr ||
        input.embedding->values.size() != static_cast<size_t>(info_.sizes.embedding_floats())) {
      return absl::InvalidArgumentError("the embedding has the wrong size");
    }
    const int64_t side = info_.sizes.logits_side;
    const float step = static_cast<float>(info_.sizes.patch) / static_cast<float>(side);
    MaskLogits logits;
    logits.values.reserve(info_.sizes.logits_floats());
    for (int64_t i = 0; i < side; ++i) {
      for (int64_t j = 0; j < side; ++j) {
        for (int64_t k = 0; k < side; ++k) {
          logits.values.push_back(Logit(input, {(i + 0.5f) * step, (j + 0.5f) * step, (k + 0.5f) * step}));
        }
      }
    }
    logits.iou_prediction = 1 / (1 + std::abs(input.embedding->values[0]));
    return logits;
  }

  float Logit(const DecodeInput& input, const std::array<float, 3>& at) const {
    const float radius = static_cast<float>(info_.sizes.patch) / 8;
    float inside = -std::numeric_limits<float>::max();
    float cut = std::numeric_limits<float>::max();
    if (input.box) inside = DepthInBox(*input.box, at);
    for (const Click& click : input.clicks) {
      const float depth = radius - std::hypot(at[0] - click.i, at[1] - click.j, at[2] - click.k);
      if (click.positive) inside = std::max(inside, depth);
      if (!click.positive) cut = std::min(cut, -depth);
    }
    return std::min(inside, cut);
  }

  // Of a point (in voxels from the patch's face), below the nearest face; negative outside.
  static float DepthInBox(const BoxCorners& box, const std::array<float, 3>& at) {
    float depth = std::numeric_limits<float>::max();
    for (size_t axis = 0; axis < 3; ++axis) {
      const float voxel = at[axis] - 0.5f;
      depth = std::min({depth, voxel - box.low[axis], box.high[axis] - voxel});
    }
    return depth;
  }

  const ModelInfo info_;
  const Hooks hooks_;
  std::atomic<bool> alive_{true};
};

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_FAKE_ENGINE_H_
