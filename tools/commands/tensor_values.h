// Values <-> tensors of a file.
#ifndef SGPSAM_TOOLS_COMMANDS_TENSOR_VALUES_H_
#define SGPSAM_TOOLS_COMMANDS_TENSOR_VALUES_H_

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam::tools {

template <typename T>
constexpr TensorType TypeOf() {
  if constexpr (std::is_same_v<T, float>) return TensorType::kFloat32;
  if constexpr (std::is_same_v<T, double>) return TensorType::kFloat64;
  if constexpr (std::is_same_v<T, int64_t>) return TensorType::kInt64;
  if constexpr (std::is_same_v<T, uint8_t>) return TensorType::kUint8;
}

// `values` has as many elements as the shape says.
template <typename T>
NamedTensor TensorOf(absl::Span<const T> values, std::vector<int64_t> shape) {
  NamedTensor tensor;
  tensor.type = TypeOf<T>();
  tensor.shape = std::move(shape);
  tensor.bytes.resize(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}

// The tensor's type must be T's.
template <typename T>
std::vector<T> ValuesOf(const NamedTensor& tensor) {
  std::vector<T> values(tensor.bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

}  // namespace sgpsam::tools

#endif  // SGPSAM_TOOLS_COMMANDS_TENSOR_VALUES_H_
