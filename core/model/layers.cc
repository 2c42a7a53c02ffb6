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

// With neighbours n cells away, n a divisor of the volume's side. Each n-th cell on every axis is a volume of
// its own, convolved with its next neighbours: the gradients of a dilated convolution take twice as long.
// Channels are last in memory, with which oneDNN's convolution of few channels takes half the time.
at::Tensor ConvolveAtDistance(const Conv& conv, const at::Tensor& volume, int64_t n) {
  const auto convolve = [&](const at::Tensor& x) { return at::conv3d(x, conv.weight, conv.bias, 1, 1); };
  if (n == 1) return convolve(volume);
  const int64_t batch = volume.size(0), channels = volume.size(1), side = volume.size(2) / n;
  const at::Tensor apart = volume.permute({0, 2, 3, 4, 1})
                               .view({batch, side, n, side, n, side, n, channels})
                               .permute({0, 2, 4, 6, 1, 3, 5, 7})
                               .reshape({batch * n * n * n, side, side, side, channels})
                               .permute({0, 4, 1, 2, 3});
  return convolve(apart)
      .permute({0, 2, 3, 4, 1})
      .view({batch, n, n, n, side, side, side, channels})
      .permute({0, 4, 1, 5, 2, 6, 3, 7})
      .reshape({batch, n * side, n * side, n * side, channels})
      .permute({0, 4, 1, 2, 3});
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

at::Tensor MixCells(at::Tensor cells, const std::array<Conv, 3>& mixes) {
  cells = cells.contiguous(at::MemoryFormat::ChannelsLast3d);
  for (size_t n = 0; n < mixes.size(); ++n) {
    const at::Tensor active = at::gelu(cells).to(mixes[n].weight.scalar_type());
    cells = cells + ConvolveAtDistance(mixes[n], active, kMixDistances[n]);
  }
  return cells;
}

at::Tensor Gelu(at::Tensor x) { return WantsGradients({x}) ? at::gelu(x) : at::gelu_(x); }

bool WantsGradients(std::initializer_list<at::Tensor> tensors) {
  if (!c10::GradMode::is_enabled()) return false;
  return std::any_of(tensors.begin(), tensors.end(),
                     [](const at::Tensor& tensor) { return tensor.defined() && tensor.requires_grad(); });
}

}  // namespace sgpsam
