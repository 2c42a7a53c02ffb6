// Tensors as a file holds them: name, type, shape, bytes. No LibTorch; what every checkpoint reader
// returns and every writer takes. Readers transform nothing; transformations come after.
#ifndef SGPSAM_CORE_MODEL_FILE_NAMED_TENSORS_H_
#define SGPSAM_CORE_MODEL_FILE_NAMED_TENSORS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sgpsam {

enum class TensorType { kFloat16, kBfloat16, kFloat32, kFloat64, kInt64, kInt32, kUint8 };

size_t BytesPerElement(TensorType type);
const char* SafetensorsName(TensorType type);  // "F16", "BF16", "F32", …

struct NamedTensor {
  TensorType type = TensorType::kFloat32;
  std::vector<int64_t> shape;  // row-major
  std::vector<uint8_t> bytes;  // little endian; exactly the product of shape times the element size
};

struct TensorFile {
  std::map<std::string, NamedTensor> tensors;
  std::map<std::string, std::string> metadata;  // safetensors' __metadata__
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_FILE_NAMED_TENSORS_H_
