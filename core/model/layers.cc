#include "core/model/layers.h"

#include <ATen/ATen.h>

#include <vector>

namespace sgpsam {

at::Tensor LinearWith(const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& x) {
  const at::Tensor rows = x.reshape({-1, weight.size(1)}).to(weight.scalar_type());
  const at::Tensor out = at::addmm(bias.to(weight.scalar_type()), rows, weight.t());
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return out.view(shape);
}

at::Tensor Linear::operator()(const at::Tensor& x) const { return LinearWith(weight, bias, x); }

void Linear::AddTo(at::Tensor& accumulator, const at::Tensor& x) const {
  accumulator.add_(bias);
  if (weight.scalar_type() == at::kFloat) {
    accumulator.addmm_(x, weight.t());
  } else {
    accumulator.add_(at::mm(x.to(weight.scalar_type()), weight.t()));
  }
}

at::Tensor Norm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x.to(at::kFloat), {weight.size(0)}, weight, bias, eps);
}

at::Tensor Gelu(at::Tensor x) { return at::gelu_(x); }

}  // namespace sgpsam
