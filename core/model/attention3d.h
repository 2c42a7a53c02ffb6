// Attention over a cube of tokens with decomposed relative positions, collapsed.
//
// The reference pads the token grid with zeros up to its window and masks nothing, so real tokens attend to
// padded ones (image_encoder3D.py, window_partition3D). All padded keys are the bias of qkv and differ in
// their position alone, and positions enter as a sum over the axes; hence the padded keys together equal ONE
// key whose value is the bias and whose logit is
//
//     q.b + log(Pd Ah Aw + Rd Ph Aw + Rd Rh Pw),   per axis: R = sum of exp(relative position) over real
//                                                  indices, P over padded ones, A = R + P.
//
// Padded queries are dropped by the reference, so they never exist here. Relative positions and the padded
// key's logit are then folded into longer queries and keys,
//
//     query               = [q, rel_d, rel_h, rel_w, pad_hi, pad_lo, 0...]
//     key of token i,j,k  = [k, e_i,   e_j,   e_k,   0,      0,      0...]
//     padded key          = [0, 0,     0,     0,     1,      1,      0...]
//
// so that what remains is plain attention without any bias, for which fused kernels exist.
#ifndef SGPSAM_CORE_MODEL_ATTENTION3D_H_
#define SGPSAM_CORE_MODEL_ATTENTION3D_H_

#include <ATen/core/Tensor.h>

#include <string>

#include "core/model/layers.h"
#include "core/model/model_config.h"
#include "core/model/tensor_map.h"

namespace sgpsam {

struct Attention3d {
  int heads = 0;
  int grid = 0;          // tokens on each side, g; N = g^3
  int span = 0;          // indices on each side with padding: the window, or g in a global block
  Linear qkv;            // [3C, C]; its query rows already carry the factor head_dim^-0.5
  Linear proj;           // [C, C]
  at::Tensor positions;  // [heads, head_dim, 3 (g + span - 1) + 1]: of each axis by offset, then b
  at::Tensor pad_value;  // [heads, 1, head_dim]: the padded keys' value

  bool padded() const { return span > grid; }
};

// `name`: "image_encoder.blocks.N.attn". `span` must not be less than the grid.
Attention3d LoadAttention3d(const TensorMap& tensors, const std::string& name, const ModelConfig& config,
                            int span);

// Queries, keys and values of one block; made once per encode, because the folded columns of keys stay.
struct AttentionScratch {
  at::Tensor query;   // [B, heads, N, width]
  at::Tensor key;     // [B, heads, N + 1, width], the padded key last
  at::Tensor value;   // [B, heads, N + 1, head_dim]
  at::Tensor scores;  // [B heads, N, N + 1], undefined where a fused kernel keeps them to itself
};
AttentionScratch MakeAttentionScratch(const ModelConfig& config, int64_t batch, at::Device device,
                                      at::ScalarType matmul_type);

// x [B, N, C] -> the heads' outputs before `proj`, [B N, C]
at::Tensor Attend(const Attention3d& attention, const at::Tensor& x, AttentionScratch& scratch);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_ATTENTION3D_H_
