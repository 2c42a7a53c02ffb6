// Does a file hold the model that its configuration describes? Asked by the engine before it loads and by
// the import before it writes. Pure functions; no LibTorch.
#ifndef SGPSAM_CORE_MODEL_FILE_CHECK_TENSORS_H_
#define SGPSAM_CORE_MODEL_FILE_CHECK_TENSORS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/model_file/model_config.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

// The configuration in the file's metadata. INVALID_ARGUMENT if there is none, or a broken one.
absl::StatusOr<ModelConfig> ReadModelConfig(const TensorFile& file);

// INVALID_ARGUMENT listing every missing, unexpected and misshapen tensor, and every one that is not of a
// floating-point type, by name and shape.
absl::Status CheckTensors(const TensorFile& file, const ModelConfig& config);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_FILE_CHECK_TENSORS_H_
