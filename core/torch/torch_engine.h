// The real Engine: one replica of SGP-SAM on one device, run by LibTorch.
// Made once per worker process by sgpsam-worker and by sgpsam-model; this header needs no LibTorch.
// Guarantees: no exception leaves it; result n does not depend on its companions in a batch; memory does
// not grow from request to request. One thread at a time, as engine.h says; it computes on `threads` cores.
#ifndef SGPSAM_CORE_TORCH_TORCH_ENGINE_H_
#define SGPSAM_CORE_TORCH_TORCH_ENGINE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/digest.h"
#include "core/engine/engine.h"
#include "core/model_file/model_config.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

struct TorchEngineOptions {
  std::string device = "auto";     // "auto" (the first CUDA device, else the processor), "cpu" or "cuda:N"
  std::string precision = "auto";  // "auto" (bf16 where the hardware multiplies it faster), "fp32" or "bf16"
  int threads = 0;                 // processor cores to compute on; 0: all that the process may use
  bool cuda_graphs = true;         // on a CUDA device, replay recorded kernels instead of launching each
  bool packed_weights = true;      // on a processor, have oneDNN arrange them once (model/packed_weight.h)
  bool warm_up = true;             // run every path once, so that the first request is as fast as the next
  // Compare what was chosen with plain float32 on the processor first (self_test.h). Where they disagree,
  // "fallback" takes float32 on the processor, and refuses a device;
  // "refuse" refuses both; "off" does not ask.
  std::string self_test = "off";
};

class TorchEngine : public Engine {
 public:
  // What runs at once on a CUDA device; more is split. Twice as many would take twice the memory, and for
  // each 6 % less time to encode and 21 % less to decode (docs/performance.md). On a processor it is one.
  static constexpr size_t kMaxBatch = 16;

  // NOT_FOUND, INVALID_ARGUMENT or DATA_LOSS for a file that is not a complete model (all missing, unexpected
  // and misshapen tensors are named together); FAILED_PRECONDITION for a device that is not there, or a
  // self-test that fails.
  static absl::StatusOr<std::unique_ptr<TorchEngine>> Create(const std::string& model_path,
                                                             const TorchEngineOptions& options);
  // The same from a file in memory, whose SHA-256 is `weights_digest`. Copies what it keeps.
  static absl::StatusOr<std::unique_ptr<TorchEngine>> Create(const TensorFile& file,
                                                             const Digest& weights_digest,
                                                             const TorchEngineOptions& options);
  ~TorchEngine() override;

  const ModelInfo& info() const override;
  const ModelConfig& config() const;
  std::vector<absl::StatusOr<Embedding>> Encode(absl::Span<const Patch* const> patches) override;
  std::vector<absl::StatusOr<MaskLogits>> Decode(absl::Span<const DecodeInput* const> inputs) override;

  // Packs the weights of an engine made without packed_weights.
  absl::Status PackWeights();
  // Runs every path once. RESOURCE_EXHAUSTED where not even one patch at a time fits the device.
  absl::Status WarmUp();

 private:
  struct State;
  explicit TorchEngine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TORCH_TORCH_ENGINE_H_
