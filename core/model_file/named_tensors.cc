#include "core/model_file/named_tensors.h"

namespace sgpsam {

size_t BytesPerElement(TensorType type) {
  switch (type) {
    case TensorType::kFloat16:
    case TensorType::kBfloat16: return 2;
    case TensorType::kFloat32:
    case TensorType::kInt32: return 4;
    case TensorType::kFloat64:
    case TensorType::kInt64: return 8;
    case TensorType::kUint8: break;
  }
  return 1;
}

const char* SafetensorsName(TensorType type) {
  switch (type) {
    case TensorType::kFloat16: return "F16";
    case TensorType::kBfloat16: return "BF16";
    case TensorType::kFloat32: return "F32";
    case TensorType::kFloat64: return "F64";
    case TensorType::kInt64: return "I64";
    case TensorType::kInt32: return "I32";
    case TensorType::kUint8: break;
  }
  return "U8";
}

}  // namespace sgpsam
