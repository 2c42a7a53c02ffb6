#include "tools/learn/train/normal_noise.h"

#include <ATen/ATen.h>

namespace sgpsam {

at::Tensor NormalNoise(const at::Tensor& like, Random& random) {
  at::Tensor noise = at::empty(like.sizes(), at::kFloat);
  float* out = noise.mutable_data_ptr<float>();
  for (int64_t n = 0; n < noise.numel(); ++n) out[n] = static_cast<float>(random.Normal());
  return noise;
}

}  // namespace sgpsam
