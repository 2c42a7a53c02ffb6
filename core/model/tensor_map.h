// A checked TensorFile, read as tensors on one device in one precision. Transformations of weights come
// after reading, in each block's own Load function.
#ifndef SGPSAM_CORE_MODEL_TENSOR_MAP_H_
#define SGPSAM_CORE_MODEL_TENSOR_MAP_H_

#include <ATen/core/Tensor.h>

#include <string>

#include "core/model/layers.h"
#include "core/model/named_tensors.h"

namespace sgpsam {

class TensorMap {
 public:
  // `file` outlives this and has every tensor that will be asked for (check_tensors.h); a name
  // that it lacks throws c10::Error. `matmul_type`: at::kFloat or at::kBFloat16.
  TensorMap(const TensorFile& file, at::Device device, at::ScalarType matmul_type)
      : file_(file), device_(device), matmul_type_(matmul_type) {}

  // As stored, in float32 on the processor, in storage of its own.
  at::Tensor Get(const std::string& name) const;
  // Where and how the model keeps it: a matrix to multiply with, or anything else.
  at::Tensor Matrix(const at::Tensor& tensor) const;
  at::Tensor Value(const at::Tensor& tensor) const;

  // NAME.weight and NAME.bias. A convolution whose kernel is as wide as its stride is a Linear of its
  // flattened kernel.
  Linear GetLinear(const std::string& name) const;
  Norm GetNorm(const std::string& name, double eps) const;

  at::Device device() const { return device_; }
  at::ScalarType matmul_type() const { return matmul_type_; }

 private:
  const TensorFile& file_;
  const at::Device device_;
  const at::ScalarType matmul_type_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_TENSOR_MAP_H_
