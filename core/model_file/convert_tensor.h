// Floating-point types into each other, bit for bit as PyTorch does it. Called by import and export. Pure
// functions.
#ifndef SGPSAM_CORE_MODEL_FILE_CONVERT_TENSOR_H_
#define SGPSAM_CORE_MODEL_FILE_CONVERT_TENSOR_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

// `type` is kFloat32, kFloat16 or kBfloat16; values are rounded to the nearest, ties to even.
// INVALID_ARGUMENT for a tensor of integers, and for values that are not finite, or too large for `type`.
absl::StatusOr<NamedTensor> ConvertTensor(NamedTensor tensor, TensorType type);
// The same; errors name the tensor.
absl::StatusOr<NamedTensor> ConvertTensor(const std::string& name, NamedTensor tensor, TensorType type);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_FILE_CONVERT_TENSOR_H_
