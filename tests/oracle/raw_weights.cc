#include "tests/oracle/raw_weights.h"

#include <ATen/ATen.h>

#include "absl/strings/match.h"
#include "core/model/tensor_map.h"

namespace sgpsam {

RawWeights::RawWeights(const TensorFile& file, absl::string_view prefix, absl::string_view other_prefix) {
  const TensorSource source = TensorsOf(file);
  for (const auto& [name, tensor] : file.tensors) {
    if (absl::StartsWith(name, prefix) || absl::StartsWith(name, other_prefix)) tensors_[name] = source(name);
  }
}

at::Tensor RawWeights::Linear(const std::string& name, const at::Tensor& x) const {
  return at::linear(x, (*this)[name + ".weight"], (*this)[name + ".bias"]);
}

at::Tensor RawWeights::LayerNorm(const std::string& name, const at::Tensor& x, double eps) const {
  return at::layer_norm(x, {x.size(-1)}, (*this)[name + ".weight"], (*this)[name + ".bias"], eps);
}

at::Tensor RawWeights::LayerNorm3d(const std::string& name, const at::Tensor& x) const {
  const at::Tensor centred = x - x.mean(1, /*keepdim=*/true);
  const at::Tensor normed = centred / at::sqrt(centred.pow(2).mean(1, /*keepdim=*/true) + 1e-6);
  const auto channelwise = [&](const char* part) { return (*this)[name + part].view({1, -1, 1, 1, 1}); };
  return channelwise(".weight") * normed + channelwise(".bias");
}

}  // namespace sgpsam
