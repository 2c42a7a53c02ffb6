#include "core/model/layers.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <vector>

#include "core/model/packed_weight.h"

namespace sgpsam {
namespace {

// x [..., in] . weight^T [in, out] + bias [out], which may be undefined
at::Tensor Product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor rows = x.reshape({-1, weight.size(1)}).to(weight.scalar_type());
  at::Tensor out;
  if (IsPacked(weight)) {
    TORCH_CHECK(!WantsGradients({x}), "no gradients pass a packed weight");
    out = MultiplyPacked(rows, weight, bias);
  } else {
    out = bias.defined() ? at::addmm(bias, rows, weight.t()) : at::mm(rows, weight.t());
  }
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return out.view(shape);
}

}  // namespace

at::Tensor Linear::operator()(const at::Tensor& x) const {
  return Product(x, weight, bias.to(weight.scalar_type()));
}

at::Tensor Linear::Multiply(const at::Tensor& x) const { return Product(x, weight, {}); }

void Linear::AddTo(at::Tensor& accumulator, const at::Tensor& x) const {
  if (WantsGradients({accumulator, x, weight, bias})) {
    accumulator = accumulator + (*this)(x);
    return;
  }
  const bool exact = weight.scalar_type() == at::kFloat;
  if (exact && IsPacked(weight)) {
    accumulator.add_((*this)(x));
    return;
  }
  accumulator.add_(bias);
  if (exact) {
    accumulator.addmm_(x, weight.t());
  } else {
    accumulator.add_(Multiply(x));
  }
}

at::Tensor Norm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x.to(at::kFloat), {weight.size(0)}, weight, bias, eps);
}

at::Tensor Tiles(const at::Tensor& volume, int64_t n) {
  const int64_t batch = volume.size(0), channels = volume.size(1), k = volume.size(2) / n;
  return volume.reshape({batch, channels, n, k, n, k, n, k})
      .permute({0, 2, 4, 6, 1, 3, 5, 7})
      .reshape({batch, n * n * n, channels * k * k * k});
}

at::Tensor ConvolveTiles(const Linear& kernel, const at::Tensor& volume, int64_t n) {
  return kernel(Tiles(volume, n)).transpose(1, 2).unflatten(2, {n, n, n});
}

at::Tensor Gelu(at::Tensor x) { return WantsGradients({x}) ? at::gelu(x) : at::gelu_(x); }

bool WantsGradients(std::initializer_list<at::Tensor> tensors) {
  if (!c10::GradMode::is_enabled()) return false;
  return std::any_of(tensors.begin(), tensors.end(),
                     [](const at::Tensor& tensor) { return tensor.defined() && tensor.requires_grad(); });
}

}  // namespace sgpsam
