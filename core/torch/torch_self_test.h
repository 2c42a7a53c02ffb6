// The self-test (self_test.h) as TorchEngine::Create runs it: makes what was chosen and plain float32 on the
// processor, compares them, and gives up what computes wrongly here. The reference uses neither oneDNN nor
// packed weights nor graphs, so that these are compared, too. One thread at a time in a process:
// it switches oneDNN off and on.
#ifndef SGPSAM_CORE_TORCH_TORCH_SELF_TEST_H_
#define SGPSAM_CORE_TORCH_TORCH_SELF_TEST_H_

#include <memory>

#include "absl/status/statusor.h"
#include "core/base/digest.h"
#include "core/engine/engine.h"
#include "core/model_file/named_tensors.h"
#include "core/torch/torch_engine.h"

namespace sgpsam {

struct TestedEngine {
  std::unique_ptr<TorchEngine> engine;
  SelfTestReport report;
};

// `options.self_test` is "fallback" or "refuse". The errors of TorchEngine::Create; FAILED_PRECONDITION, with
// how far it is off, where nothing that may be used passes. Holds no second model in the processor's memory,
// but while a patch has a gate on the fence.
absl::StatusOr<TestedEngine> CreateTestedEngine(const TensorFile& file, const Digest& weights_digest,
                                                const TorchEngineOptions& options);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TORCH_TORCH_SELF_TEST_H_
