#include "core/model/layers.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
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
  if (WantsGradients({accumulator, x, weight, bias})) {
    accumulator = accumulator + (*this)(x);
    return;
  }
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

at::Tensor Gelu(at::Tensor x) { return WantsGradients({x}) ? at::gelu(x) : at::gelu_(x); }

bool WantsGradients(std::initializer_list<at::Tensor> tensors) {
  if (!c10::GradMode::is_enabled()) return false;
  return std::any_of(tensors.begin(), tensors.end(),
                     [](const at::Tensor& tensor) { return tensor.defined() && tensor.requires_grad(); });
}

}  // namespace sgpsam
