#include "tests/oracle/padded_encoder.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

// q [B heads, K, K, K, head_dim], table [2 K - 1, head_dim] -> [B heads, K, K, K, K]: the products of each
// query with the relative positions along axis `axis` of the query.
at::Tensor RelativePosition(const at::Tensor& q, const at::Tensor& table, const char* equation) {
  const int64_t side = q.size(1);
  const at::Tensor index = at::arange(side);
  const at::Tensor difference = index.unsqueeze(1) - index.unsqueeze(0) + (side - 1);
  const at::Tensor by_pair = table.index_select(0, difference.flatten()).view({side, side, -1});
  return at::einsum(equation, {q, by_pair});
}

}  // namespace

// x [B, K, K, K, C]
at::Tensor PaddedEncoder::Attend(const std::string& name, const at::Tensor& x) const {
  const int64_t batch = x.size(0), side = x.size(1), tokens = side * side * side;
  const int64_t heads = config_.heads, head_dim = config_.head_dim();
  const at::Tensor qkv = weights_.Linear(name + ".qkv", x)
                             .reshape({batch, tokens, 3, heads, head_dim})
                             .permute({2, 0, 3, 1, 4})
                             .reshape({3, batch * heads, tokens, head_dim});
  const at::Tensor q = qkv[0].view({batch * heads, side, side, side, head_dim});
  const at::Tensor d = RelativePosition(q, weights_[name + ".rel_pos_d"], "bdhwc,dkc->bdhwk");
  const at::Tensor h = RelativePosition(q, weights_[name + ".rel_pos_h"], "bdhwc,hkc->bdhwk");
  const at::Tensor w = RelativePosition(q, weights_[name + ".rel_pos_w"], "bdhwc,wkc->bdhwk");
  at::Tensor logits = at::bmm(qkv[0] / std::sqrt(static_cast<double>(head_dim)), qkv[1].transpose(1, 2))
                          .view({batch * heads, side, side, side, side, side, side});
  // The axes as the reference's broadcasting pairs them (attention3d.h).
  logits = logits + d.unsqueeze(4).unsqueeze(4) + h.unsqueeze(3).unsqueeze(5) + w.unsqueeze(3).unsqueeze(3);
  const at::Tensor weights = at::softmax(logits.view({batch * heads, tokens, tokens}), -1);
  const at::Tensor out = at::bmm(weights, qkv[2])
                             .view({batch, heads, side, side, side, head_dim})
                             .permute({0, 2, 3, 4, 1, 5})
                             .reshape({batch, side, side, side, -1});
  return weights_.Linear(name + ".proj", out);
}

at::Tensor PaddedEncoder::RunBlock(int index, const at::Tensor& x) const {
  const std::string name = absl::StrCat("image_encoder.blocks.", index);
  const auto& global = config_.global_blocks;
  const bool windowed = std::find(global.begin(), global.end(), index) == global.end();
  const int64_t grid = config_.grid(), padding = windowed ? config_.window - grid : 0;
  const at::Tensor normed = weights_.LayerNorm(name + ".norm1", x, 1e-6);
  const at::Tensor padded = at::constant_pad_nd(normed, {0, 0, 0, padding, 0, padding, 0, padding});
  const at::Tensor attended =
      Attend(name + ".attn", padded).narrow(1, 0, grid).narrow(2, 0, grid).narrow(3, 0, grid).contiguous();
  const at::Tensor y = x + attended;
  const at::Tensor hidden =
      at::gelu(weights_.Linear(name + ".mlp.lin1", weights_.LayerNorm(name + ".norm2", y, 1e-6)));
  return y + weights_.Linear(name + ".mlp.lin2", hidden);
}

at::Tensor PaddedEncoder::Encode(const at::Tensor& patches) const {
  const c10::InferenceMode inference_mode;
  const std::string embed = "image_encoder.patch_embed.proj", neck = "image_encoder.neck.";
  at::Tensor x = at::conv3d(patches, weights_[embed + ".weight"], weights_[embed + ".bias"], config_.token)
                     .permute({0, 2, 3, 4, 1});
  x = x + weights_["image_encoder.pos_embed"];
  for (int i = 0; i < config_.depth; ++i) x = RunBlock(i, x);
  x = at::conv3d(x.permute({0, 4, 1, 2, 3}), weights_[neck + "0.weight"]);
  x = at::conv3d(weights_.LayerNorm3d(neck + "1", x), weights_[neck + "2.weight"], {}, /*stride=*/1,
                 /*padding=*/1);
  return weights_.LayerNorm3d(neck + "3", x);
}

}  // namespace sgpsam
