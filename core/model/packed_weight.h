// A weight that oneDNN has arranged once for this processor's registers, instead of at every product. Used by
// the layers (layers.h) of a model that is served on a processor: no gradients pass. Pure functions.
//
// LibTorch's compiler calls the same operators (mkldnn::_reorder_linear_weight, _linear_pointwise), which are
// no part of its public interface; LibTorch is pinned, and without them weights stay as they are.
#ifndef SGPSAM_CORE_MODEL_PACKED_WEIGHT_H_
#define SGPSAM_CORE_MODEL_PACKED_WEIGHT_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace sgpsam {

// The weight [out, in], float32 or bfloat16, for products with `rows` rows; other numbers of rows are right,
// too, but may be slower. The weight itself where there is nothing to gain: on another device, for bfloat16
// on a processor that cannot multiply it, and without the operators.
at::Tensor PackWeight(const at::Tensor& weight, int64_t rows);

// Whether this came from PackWeight as something else than it was.
bool IsPacked(const at::Tensor& weight);

// x [rows, in] . weight^T [in, out] + bias, all of the weight's type -> [rows, out]; an undefined bias is 0.
at::Tensor MultiplyPacked(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_PACKED_WEIGHT_H_
