// SAM-Med3D's prompt encoder (prompt_encoder3D.py), quirks kept, since the weights were trained with them:
// positions are encoded as [sin, cos, sin]; the image's tokens are encoded with axes 0 and 1 swapped against
// the clicks'; clicks without a box get one more token, "not a point"; the reference's first pass gives an
// all-zero mask instead of none. A box is two tokens after the clicks, its low and its high corner, as in
// SAM; SAM-Med3D inherits that (with a slip: its reshape to 2 x 2 numbers forgets the third axis).
#ifndef SGPSAM_CORE_MODEL_PROMPT_ENCODER_H_
#define SGPSAM_CORE_MODEL_PROMPT_ENCODER_H_

#include <ATen/core/Tensor.h>

#include <optional>

#include "absl/types/span.h"
#include "core/engine/engine.h"
#include "core/model/layers.h"
#include "core/model/tensor_map.h"
#include "core/model_file/model_config.h"

namespace sgpsam {

enum PointLabel : int64_t { kNotAPoint, kNegative, kPositive, kLowCorner, kHighCorner };

struct PromptEncoder {
  at::Tensor gaussian;                        // [3, C / 3], float32
  at::Tensor labels;                          // [3 or 5, C], float32: by PointLabel
  Linear mask_conv1, mask_conv2, mask_conv3;  // 2^3 voxels -> narrow; 2^3 narrow -> mask channels -> C
  Norm mask_norm1, mask_norm2;
  // Made once from the weights:
  at::Tensor dense_pe;   // [N, C], float32: positions of the image's tokens
  at::Tensor no_mask;    // [N, C], float32: no mask prompt at all
  at::Tensor zero_mask;  // [N, C], float32: a mask prompt of zeros
};

PromptEncoder LoadPromptEncoder(const TensorMap& tensors, const ModelConfig& config);

// T clicks and corners, or those of several prompts, along a dimension of their own in front.
struct Points {
  at::Tensor coordinates;  // [..., T, 3], float32, 0..1
  at::Tensor labels;       // [..., T], int64: PointLabel
};

// On the processor; T is clicks + 1, with a box clicks + 2. A box only if the encoder has labels for it.
Points ToPoints(int patch, absl::Span<const Click> clicks,
                const std::optional<BoxCorners>& box = std::nullopt);

// On the encoder's device -> [..., T, C], float32
at::Tensor EncodePoints(const PromptEncoder& encoder, const Points& points);

// logits [B, 4g, 4g, 4g], float32 -> what is added to the embedding, [B, N, C], float32
at::Tensor EncodeMask(const PromptEncoder& encoder, const at::Tensor& logits);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_PROMPT_ENCODER_H_
