#include "tools/synthesis/blur.h"

#include <algorithm>
#include <cmath>

namespace sgpsam::synthesis {
namespace {

// out[i] = sum of weights[n] * in[i + n * step] for i < size.
void Convolve(const float* in, int64_t step, const std::vector<float>& weights, int64_t size, float* out) {
  std::fill(out, out + size, 0.0f);
  for (size_t n = 0; n < weights.size(); ++n) {
    const float weight = weights[n];
    const float* from = in + static_cast<int64_t>(n) * step;
    for (int64_t i = 0; i < size; ++i) out[i] += weight * from[i];
  }
}

}  // namespace

Kernel Kernel::Gaussian(float sigma_voxels) {
  const auto reach = static_cast<int64_t>(std::ceil(2.5f * sigma_voxels));
  Kernel kernel;
  float sum = 0;
  for (int64_t n = -reach; n <= reach; ++n) {
    const float at = static_cast<float>(n) / std::max(1e-3f, sigma_voxels);
    kernel.weights.push_back(std::exp(-0.5f * at * at));
    sum += kernel.weights.back();
  }
  for (float& weight : kernel.weights) weight /= sum;
  return kernel;
}

float Overlap(const Kernel& a, const Kernel& b) {
  const int64_t reach = std::min(a.reach(), b.reach());
  float sum = 0;
  for (int64_t n = -reach; n <= reach; ++n) sum += a.weights[a.reach() + n] * b.weights[b.reach() + n];
  return sum;
}

MarginedSlice::MarginedSlice(int64_t width, int64_t height, int64_t margin)
    : width_(width),
      height_(height),
      margin_(margin),
      values_(static_cast<size_t>((width + 2 * margin) * (height + 2 * margin))) {}

void MarginedSlice::FillMargin() {
  for (int64_t j = 0; j < height_; ++j) {
    float* row = Row(j);
    std::fill(row - margin_, row, row[0]);
    std::fill(row + width_, row + width_ + margin_, row[width_ - 1]);
  }
  for (int64_t m = 1; m <= margin_; ++m) {
    std::copy_n(Row(0) - margin_, stride(), Row(-m) - margin_);
    std::copy_n(Row(height_ - 1) - margin_, stride(), Row(height_ - 1 + m) - margin_);
  }
}

void Blur::Run(const MarginedSlice& in, std::vector<float>& out) {
  const int64_t width = in.width(), height = in.height(), reach = columns_.reach();
  scratch_.resize(static_cast<size_t>(width * (height + 2 * reach)));
  for (int64_t j = -reach; j < height + reach; ++j) {
    Convolve(in.Row(j) - rows_.reach(), 1, rows_.weights, width, scratch_.data() + (j + reach) * width);
  }
  out.resize(static_cast<size_t>(width * height));
  for (int64_t j = 0; j < height; ++j) {
    Convolve(scratch_.data() + j * width, width, columns_.weights, width, out.data() + j * width);
  }
}

}  // namespace sgpsam::synthesis
