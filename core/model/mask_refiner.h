// Our addition to the mask decoder, there if the configuration gives it channels: it sees the prompts where
// they lie, at the resolution of the logits, and corrects the logits there. Prompt tokens reach a mask
// through a handful of numbers for each of the image's tokens;
// a click in the outline of a lesion is finer than that.
//
//     m = [near and far from positive clicks, near and far from negative ones, previous logits, logits]
//     x = Wm m + Wu upscaled + Wd GELU(detail)    x = x + mix1 GELU(x), + mix2 ..., + mix4 ...
//     logits + Wo GELU(x)
//
// Near is exp(-d^2 / 2) of the distance d to the nearest such click in cells, far exp(-d^2 / 32), logits are
// squashed by tanh(l / 4). Wo of a fresh refiner is zero, so that it changes nothing.
#ifndef SGPSAM_CORE_MODEL_MASK_REFINER_H_
#define SGPSAM_CORE_MODEL_MASK_REFINER_H_

#include <ATen/core/Tensor.h>

#include <array>

#include "core/model/layers.h"
#include "core/model/prompt_encoder.h"
#include "core/model/tensor_map.h"
#include "core/model_file/model_config.h"

namespace sgpsam {

struct MaskRefiner {
  at::Tensor maps_weight, maps_bias;  // Wm [q, 6], [q]
  at::Tensor upscaled;                // Wu [q, C/8]
  at::Tensor detail;                  // Wd [q, d]; undefined without a detail map
  std::array<Conv, 3> mixes;          // q -> q
  at::Tensor out_weight, out_bias;    // Wo [1, q], [1]
};

// `mixes`: the same tensors, in the type that the convolutions compute in.
MaskRefiner LoadMaskRefiner(const TensorMap& tensors, const TensorMap& mixes, const ModelConfig& config);

// logits [B, 1, s, s, s] -> as they are; upscaled as Decoded's, detail [B, d, s, s, s] or undefined, previous
// [B, s, s, s] or undefined: none. All float32.
at::Tensor RefineMask(const MaskRefiner& refiner, const at::Tensor& logits, const at::Tensor& upscaled,
                      const at::Tensor& detail, const Points& points, const at::Tensor& previous);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_MASK_REFINER_H_
