// Attention over a cube of tokens with decomposed relative positions, collapsed: exactly what the reference
// computes (image_encoder3D.py), without its padded tokens.
//
// A query at (i,j,k) and a key at (a,b,c) have the logit
//
//     q.k / sqrt(head_dim) + D[ijk,c] + H[ija,c] + W[ijb,c]    D[ijk,c] = q(i,j,k).Rd[i - c]
//                                                              H[ijx,c] = q(i,j,x).Rh[j - c]
//                                                              W[ijx,c] = q(i,j,x).Rw[x - c]
//
// Each term should take its own axis, but the reference's broadcasting (add_decomposed_rel_pos) pairs the
// query's axes with the key's last one, and reads H and W from the query's neighbours at (i,j,a) and (i,j,b).
// The weights were trained that way, so it stays.
//
// The reference pads the tokens with zeros up to its window and masks nothing, so real tokens attend to
// padded ones. All padded keys are the bias of qkv and differ in position alone. Their positions enter as a
// sum in which a and b are separate for a given c; hence the padded keys together equal ONE key whose value
// is the bias and whose logit is
//
//     q.bias / sqrt(head_dim) + log sum over c of exp(D[ijk,c]) G[ij,c]
//
//     G[ij,c] = Hp Wa + Hr Wp    for a real c      Hr, Hp: sums of exp(H[ija,c]) over real and over padded a;
//               Ha Wa            for a padded c    Wr, Wp: sums of exp(W[ijb,c]) over real and over padded b;
//                                                  Ha = Hr + Hp, Wa = Wr + Wp
//
// Padded queries are dropped by the reference, so they never exist here but in Hp and Wp, which the weights
// determine.
#ifndef SGPSAM_CORE_MODEL_ATTENTION3D_H_
#define SGPSAM_CORE_MODEL_ATTENTION3D_H_

#include <ATen/core/Tensor.h>

#include <string>

#include "core/model/layers.h"
#include "core/model/tensor_map.h"
#include "core/model_file/model_config.h"

namespace sgpsam {

struct Attention3d {
  int heads = 0;
  int grid = 0;          // tokens on each side, g; N = g^3
  int span = 0;          // indices on each side with padding: the window, or g in a global block
  Linear qkv;            // [3C, C]; its query rows already carry the factor head_dim^-0.5
  Linear proj;           // [C, C]
  at::Tensor positions;  // [heads, head_dim, 3 (g + span - 1) + 1]: Rd, Rh, Rw by offset, then the padded key
  // Of a padded block only:
  at::Tensor pad_value;  // [heads, 1, head_dim]
  at::Tensor log_pad_h;  // [heads, 1, g, span], float32: log Hp, which depends on j and c
  at::Tensor log_pad_w;  // [heads, 1, 1, span], float32: log Wp, which depends on c

  bool padded() const { return span > grid; }
};

// `name`: "image_encoder.blocks.N.attn". `span` must not be less than the grid.
Attention3d LoadAttention3d(const TensorMap& tensors, const std::string& name, const ModelConfig& config,
                            int span);

// How positions enter the product of queries and keys. After its own head_dim columns, a query has columns
// of positions that meet unit vectors in the keys, and two for the padded key's logit.
enum class Folding {
  kLastAxis,  // D folded, H + W added to the logits: for two matrix products around a softmax
  kAll,       // everything folded, 2 g^2 columns: for a fused kernel, which takes no bias without storing all
              // logits
};

// Queries, keys and values of one block; made once per encode, because the folded columns of keys stay.
struct AttentionScratch {
  Folding folding;
  at::Tensor query;   // [B, heads, N, width]
  at::Tensor key;     // [B, heads, N + 1, width], the padded key last
  at::Tensor value;   // [B, heads, N + 1, head_dim]
  at::Tensor bias;    // [B, heads, g^2, 1, N + 1]: H + W, the same for all k; kLastAxis only
  at::Tensor scores;  // [N (N + 1)]: one head's logits; kLastAxis only
};
AttentionScratch MakeAttentionScratch(const ModelConfig& config, int64_t batch, at::Device device,
                                      at::ScalarType matmul_type, Folding folding);

// The faster one there: kLastAxis in float32 on a processor (fused kernels take 1.7 times as long), kAll
// elsewhere.
Folding ChooseFolding(at::Device device, at::ScalarType matmul_type);

// x [B, N, C] -> the heads' outputs before `proj`, [B N, C]
at::Tensor Attend(const Attention3d& attention, const at::Tensor& x, AttentionScratch& scratch);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_ATTENTION3D_H_
