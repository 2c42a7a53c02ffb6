// SAM-Med3D's mask decoder (mask_decoder3D.py, transformer.py): a two-way transformer between a few prompt
// tokens and the image's tokens, an upscaling and one hypernetwork for each mask token. What depends on
// weights alone is made once: the projections of the image's position encoding, and one matrix for all three
// projections of the image's tokens in a layer. Query projections carry the scale of their attention. Tokens
// keep their channels last throughout.
#ifndef SGPSAM_CORE_MODEL_MASK_DECODER_H_
#define SGPSAM_CORE_MODEL_MASK_DECODER_H_

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/model/layers.h"
#include "core/model/model_config.h"
#include "core/model/tensor_map.h"

namespace sgpsam {

struct DecoderLayer {
  Linear self_qk, self_v, self_out;  // [2C, C], [C, C], [C, C]
  Norm norm1;
  Linear token_q, token_out;  // token to image: C -> I, I -> C
  at::Tensor image_weight;    // [3I, C]: keys and values for the tokens, queries to them
  at::Tensor image_bias;      // [N, 3I]: their bias, with the projected positions
  Norm norm2;
  Linear lin1, lin2;
  Norm norm3;
  Linear token_kv_k, token_kv_v;  // image to token: C -> I each
  Linear image_out;               // I -> C
  Norm norm4;
};

struct Mlp3 {
  Linear lin0, lin1, lin2;  // ReLU between them
};

struct MaskDecoder {
  int heads = 0, grid = 0;
  at::Tensor output_tokens;  // [1 + masks, C], float32: the IoU token, then one for each mask
  std::vector<DecoderLayer> layers;
  Linear final_q, final_out;
  at::Tensor final_image_weight;  // [2I, C]: keys and values
  at::Tensor final_image_bias;    // [N, 2I]
  Norm final_norm;
  Linear upscale1, upscale2;  // [8 C/4, C], [8 C/8, C/4]: a transposed convolution of kernel 2, stride 2
  Norm upscale_norm;
  std::vector<Mlp3> hypernetworks;  // C -> C/8, one for each mask token
  Mlp3 iou_head;                    // C -> masks
};

// `dense_pe` [N, C]: the prompt encoder's.
MaskDecoder LoadMaskDecoder(const TensorMap& tensors, const ModelConfig& config, const at::Tensor& dense_pe);

struct Decoded {
  at::Tensor low_res;  // [B, masks, 4g, 4g, 4g], float32
  at::Tensor iou;      // [B, masks], float32
};

enum class MaskOutput {
  kSingle,  // the first mask token's mask
  kMulti,   // those of all other mask tokens
};

// image [B, N, C], float32: the embedding's tokens plus the encoded mask prompt; overwritten.
// clicks [B, tokens, C], float32: EncodeClicks of each.
Decoded Decode(const MaskDecoder& decoder, at::Tensor image, const at::Tensor& clicks, MaskOutput output);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_MASK_DECODER_H_
