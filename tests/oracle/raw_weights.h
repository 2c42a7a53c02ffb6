// A model's tensors as the file holds them, in float32 on the processor, for the slow oracles.
#ifndef SGPSAM_TESTS_ORACLE_RAW_WEIGHTS_H_
#define SGPSAM_TESTS_ORACLE_RAW_WEIGHTS_H_

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

class RawWeights {
 public:
  // Copies the tensors whose names begin with one of the two prefixes. `file` has all of its configuration's
  // tensors.
  RawWeights(const TensorFile& file, absl::string_view prefix, absl::string_view other_prefix = "\1");

  const at::Tensor& operator[](const std::string& name) const { return tensors_.at(name); }

  // torch.nn's layers of the same names.
  at::Tensor Linear(const std::string& name, const at::Tensor& x) const;
  at::Tensor LayerNorm(const std::string& name, const at::Tensor& x, double eps) const;
  at::Tensor LayerNorm3d(const std::string& name, const at::Tensor& x) const;  // over dimension 1

 private:
  std::map<std::string, at::Tensor> tensors_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_ORACLE_RAW_WEIGHTS_H_
