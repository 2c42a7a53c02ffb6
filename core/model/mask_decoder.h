// SAM-Med3D's mask decoder (mask_decoder3D.py, transformer.py): a two-way transformer between a few prompt
// tokens and the image's tokens, an upscaling and one hypernetwork for each mask token.
//
// The image's 512 tokens are never projected: with few prompt tokens it costs less to carry those over to the
// image's channels, once for each head, and attention gives the same. A query q meets the key W x + b as
// (W^T q).x + b.q; the sum of values W x + b with weights a is W (sum of a x) + b, because weights sum to 1.
// What depends on weights alone is made once, such as the projected positions of the image's tokens. Query
// projections carry the scale of their attention. Tokens keep their channels last throughout.
//
// Our addition: where the modules make a detail map, its nonlinearity times one matrix is added to the
// upscaled features, in front of their last nonlinearity, which can so let through what the map shows only
// near what is prompted. The matrix of a fresh model is zero.
#ifndef SGPSAM_CORE_MODEL_MASK_DECODER_H_
#define SGPSAM_CORE_MODEL_MASK_DECODER_H_

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/model/layers.h"
#include "core/model/tensor_map.h"
#include "core/model_file/model_config.h"

namespace sgpsam {

// One projection of the image's tokens, by heads of width d.
struct ImageProjection {
  at::Tensor weight;  // [heads, d, C]
  // [heads, d, N]: its bias, with the projected positions where the reference adds them.
  at::Tensor positions;
};

// Prompt tokens look at the image.
struct LookAtImage {
  Linear query;         // C -> I
  ImageProjection key;  // positions added
  at::Tensor value;     // [heads, C, d]
  Linear out;           // I -> C; its bias has passed through the values' bias
};

struct DecoderLayer {
  Linear self_qk, self_v, self_out;  // [2C, C], [C, C], [C, C]
  Norm norm1;
  LookAtImage look;
  Norm norm2;
  Linear lin1, lin2;
  Norm norm3;
  // The image looks at the prompt tokens.
  ImageProjection image_query;    // positions added
  Linear token_key, token_value;  // C -> I each
  at::Tensor image_out;           // [heads, d, C]
  at::Tensor image_out_bias;      // [C]: a head's share of the bias
  Norm norm4;
};

struct Mlp3 {
  Linear lin0, lin1, lin2;  // ReLU between them
};

struct MaskDecoder {
  int heads = 0, grid = 0;
  at::Tensor output_tokens;  // [1 + masks, C], float32: the IoU token, then one for each mask
  std::vector<DecoderLayer> layers;
  LookAtImage final_look;
  Norm final_norm;
  Linear upscale1, upscale2;  // [8 C/4, C], [8 C/8, C/4]: a transposed convolution of kernel 2, stride 2
  Norm upscale_norm;
  at::Tensor from_detail;           // [d, C/8]; undefined without a detail map
  std::vector<Mlp3> hypernetworks;  // C -> C/8, one for each mask token
  Mlp3 iou_head;                    // C -> masks
};

// `dense_pe` [N, C]: the prompt encoder's.
MaskDecoder LoadMaskDecoder(const TensorMap& tensors, const ModelConfig& config, const at::Tensor& dense_pe);

struct Decoded {
  at::Tensor low_res;  // [B, masks, 4g, 4g, 4g], float32
  at::Tensor iou;      // [B, masks], float32
  at::Tensor
      upscaled;  // [B, 64 N, C/8]: the features that the masks were made of, ordered as ToVolumes takes them
};

enum class MaskOutput {
  kSingle,  // the first mask token's mask
  kMulti,   // those of all other mask tokens
};

struct DecoderInput {
  at::Tensor image;   // [B, N, C], float32: the embedding's tokens plus the encoded mask prompt; overwritten
  at::Tensor detail;  // [B, d, 4g, 4g, 4g], float32: as Encoded's
};

// Values of cells, [B, 64 N, M], the 4 x 4 x 4 cells of each token one after
// the other -> [B, M, 4g, 4g, 4g], float32
at::Tensor ToVolumes(const at::Tensor& cells, int64_t grid);

// clicks [B, tokens, C], float32: as EncodePoints makes them.
Decoded Decode(const MaskDecoder& decoder, DecoderInput input, const at::Tensor& clicks, MaskOutput output);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_MASK_DECODER_H_
