#include "tools/learn/train/patch_mask.h"

#include <ATen/ATen.h>

#include "absl/types/span.h"

namespace sgpsam {

at::Tensor ToTensor(const Mask& mask) {
  const Shape& shape = mask.shape();
  at::Tensor values = at::empty({shape.k, shape.j, shape.i}, at::kFloat);  // a mask's i is the fastest
  float* out = values.mutable_data_ptr<float>();
  for (int64_t n = 0; n < shape.voxels(); ++n)
    out[n] = static_cast<float>(mask.bits()[n >> 3] >> (n & 7) & 1);
  return values.permute({2, 1, 0}).contiguous();
}

Mask ToMask(const at::Tensor& inside) {
  const at::Tensor flags = inside.permute({2, 1, 0}).to(at::kByte).contiguous();
  const Shape shape{flags.size(2), flags.size(1), flags.size(0)};
  Mask mask(shape);
  const uint8_t* row = flags.const_data_ptr<uint8_t>();
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j, row += shape.i) mask.SetRow(0, j, k, absl::MakeSpan(row, shape.i));
  }
  return mask;
}

}  // namespace sgpsam
