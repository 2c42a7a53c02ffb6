// What model_bench compares: the engine, the model as the reference writes it, and bare matrix products, all
// on the same weights and the same input. One thread at a time.
#ifndef SGPSAM_TESTS_BENCH_MODEL_KERNELS_H_
#define SGPSAM_TESTS_BENCH_MODEL_KERNELS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/model_file/named_tensors.h"
#include "core/torch/torch_engine.h"

namespace sgpsam {

class ModelKernels {
 public:
  // The oracles always compute in float32 on the processor.
  static absl::StatusOr<std::unique_ptr<ModelKernels>> Create(const TensorFile& model,
                                                              const TorchEngineOptions& options);
  ~ModelKernels();

  // How the engine runs its kernels. kLaunched only where it records graphs (has_graphs).
  enum class Kernels { kUsual, kLaunched };
  absl::Status Encode(int count = 1, Kernels kernels = Kernels::kUsual);
  // Three clicks and the previous step's logits.
  absl::Status Decode(int count = 1, Kernels kernels = Kernels::kUsual);
  absl::Status PaddedEncode();
  absl::Status PlainDecode();  // the same clicks and logits
  absl::Status Gemms();

  // With weights that oneDNN arranges anew at every product. For an engine that packs them
  // (has_packed_weights).
  absl::Status UnpackedEncode();

  // The encoder with its modules taken away, all closed, all open: float32, on the processor.
  enum class Modules { kNone, kClosed, kOpen };
  absl::Status EncodeWith(Modules modules);
  absl::Status Gates();  // what closed modules cost: normalising the tokens and judging them, all modules

  const ModelInfo& info() const;
  bool has_modules() const;
  bool has_graphs() const;
  bool has_packed_weights() const;
  double encode_gflop() const;  // of the matrix products of one encode
  int threads() const;

 private:
  struct State;
  explicit ModelKernels(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_BENCH_MODEL_KERNELS_H_
