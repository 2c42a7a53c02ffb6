// A model's tensors by their names in the file, as the blocks' Load functions take them: on one device, in
// one precision. They come from a file, or from the parameters that are being trained; what the Load
// functions make of parameters keeps the way back to them for the gradients, so that the model which is
// trained is assembled by the same code as the model which is served.
#ifndef SGPSAM_CORE_MODEL_TENSOR_MAP_H_
#define SGPSAM_CORE_MODEL_TENSOR_MAP_H_

#include <ATen/core/Tensor.h>

#include <array>
#include <functional>
#include <string>
#include <utility>

#include "core/model/layers.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

// The tensor of this name, float32. Throws c10::Error for a name that it does not know.
using TensorSource = std::function<at::Tensor(const std::string& name)>;

// Copies of a file's tensors, on the processor. `file` outlives it.
TensorSource TensorsOf(const TensorFile& file);

class TensorMap {
 public:
  // `matmul_type`: at::kFloat or at::kBFloat16.
  TensorMap(TensorSource source, at::Device device, at::ScalarType matmul_type)
      : source_(std::move(source)), device_(device), matmul_type_(matmul_type) {}

  // As stored, in float32; not to be written to.
  at::Tensor Get(const std::string& name) const { return source_(name); }
  // Where and how the model keeps it: a matrix to multiply with, or anything else.
  at::Tensor Matrix(const at::Tensor& tensor) const;
  at::Tensor Value(const at::Tensor& tensor) const;

  // NAME.weight and NAME.bias. A convolution whose kernel is as wide as its stride is a Linear of its
  // flattened kernel.
  Linear GetLinear(const std::string& name) const;
  // What MixCells takes: NAME1, NAME2, NAME4; channels last in memory.
  std::array<Conv, 3> GetMixes(const std::string& name) const;
  Norm GetNorm(const std::string& name, double eps) const;

  at::Device device() const { return device_; }
  at::ScalarType matmul_type() const { return matmul_type_; }

 private:
  const TensorSource source_;
  const at::Device device_;
  const at::ScalarType matmul_type_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_TENSOR_MAP_H_
