#include "core/model/attention3d.h"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

namespace sgpsam {
namespace {

constexpr int64_t kPadColumns = 2;  // the padded key's logit in two parts, so that bfloat16 keeps its digits
constexpr int64_t kWidthMultiple = 8;  // what fused kernels ask of a head's width

int64_t PositionColumns(int64_t grid, Folding folding) {
  return folding == Folding::kAll ? 2 * grid * grid : grid;
}

int64_t FoldedWidth(int64_t head_dim, int64_t grid, Folding folding) {
  const int64_t width = head_dim + PositionColumns(grid, folding) + kPadColumns;
  return (width + kWidthMultiple - 1) / kWidthMultiple * kWidthMultiple;
}

// Differences of a real and a padded index: columns of `positions` that one axis takes.
int64_t OffsetCount(int64_t grid, int64_t span) { return grid + span - 1; }

// D, H and W of all real queries, [B, heads, i, j, k, c = 0..span-1] each.
struct Relative {
  at::Tensor d, h, w;
};

// `by_offset` [B, heads, N, columns] has for each query the column (c - own index + g - 1) of each axis, so
// that the table by c is the same memory with another stride.
at::Tensor AxisView(const at::Tensor& by_offset, int axis, int64_t grid, int64_t span) {
  const int64_t columns = by_offset.size(3);
  std::vector<int64_t> strides{
      by_offset.stride(0), by_offset.stride(1), grid * grid * columns, grid * columns, columns, 1};
  strides[2 + axis] -= 1;
  return by_offset.as_strided({by_offset.size(0), by_offset.size(1), grid, grid, grid, span}, strides,
                              axis * OffsetCount(grid, span) + grid - 1);
}

// log sum over c of exp(D) G, see the header; [B, heads, i, j, k]
at::Tensor LogPadMass(const Attention3d& attention, const Relative& relative) {
  const int64_t grid = attention.grid, padded = attention.span - grid;
  const at::Tensor real_h = at::logsumexp(relative.h.to(at::kFloat), 4);  // [B, heads, i, j, c]
  const at::Tensor real_w = at::logsumexp(relative.w.to(at::kFloat), 4);
  const at::Tensor all_h = at::logaddexp(real_h, attention.log_pad_h);
  const at::Tensor all_w = at::logaddexp(real_w, attention.log_pad_w);
  const at::Tensor for_real_c = at::logaddexp(attention.log_pad_h + all_w, real_h + attention.log_pad_w);
  const at::Tensor for_padded_c = all_h + all_w;
  const at::Tensor log_g = at::cat({for_real_c.narrow(4, 0, grid), for_padded_c.narrow(4, grid, padded)}, 4);
  return at::logsumexp(relative.d + log_g.unsqueeze(4), 5);
}

void FoldPadLogit(const Attention3d& attention, const Relative& relative, const at::Tensor& query_dot_pad,
                  AttentionScratch& scratch) {
  const int64_t column = attention.positions.size(1) + PositionColumns(attention.grid, scratch.folding);
  const at::Tensor logit = LogPadMass(attention, relative).flatten(2) + query_dot_pad;  // [B, heads, N]
  const at::Tensor high = scratch.query.select(3, column);
  high.copy_(logit);
  scratch.query.select(3, column + 1).copy_(logit - high);
}

// D into the query's columns, H + W into the bias.
void FoldLastAxis(const Relative& real, int64_t grid, const at::Tensor& columns, AttentionScratch& scratch) {
  columns.copy_(real.d);
  at::Tensor bias = scratch.bias.squeeze(3).narrow(3, 0, grid * grid * grid);
  bias = bias.unflatten(3, {grid, grid, grid}).unflatten(2, {grid, grid});  // [B, heads, i, j, a, b, c]
  at::add_out(bias, real.h.unsqueeze(5), real.w.unsqueeze(4));
}

// H + D and W into the query's columns, which are ordered (a, c) and (b, c).
void FoldAll(const Relative& real, int64_t grid, const at::Tensor& columns) {
  const at::Tensor split = columns.unflatten(5, {2, grid, grid});  // [B, heads, i, j, k, 2, x, c]
  split.select(5, 0).copy_(real.h.unsqueeze(4) + real.d.unsqueeze(5));
  split.select(5, 1).copy_(real.w.unsqueeze(4));
}

// Fills what the scratch has besides the heads' own columns.
void FoldPositions(const Attention3d& attention, AttentionScratch& scratch) {
  const int64_t grid = attention.grid, head_dim = attention.positions.size(1);
  const at::Tensor by_offset = at::matmul(scratch.query.narrow(3, 0, head_dim), attention.positions)
                                   .contiguous();  // [B, heads, N, columns]
  const Relative relative{AxisView(by_offset, 0, grid, attention.span),
                          AxisView(by_offset, 1, grid, attention.span),
                          AxisView(by_offset, 2, grid, attention.span)};
  const Relative real{relative.d.narrow(5, 0, grid), relative.h.narrow(5, 0, grid),
                      relative.w.narrow(5, 0, grid)};
  const at::Tensor columns = scratch.query.narrow(3, head_dim, PositionColumns(grid, scratch.folding))
                                 .unflatten(2, {grid, grid, grid});
  if (scratch.folding == Folding::kAll) {
    FoldAll(real, grid, columns);
  } else {
    FoldLastAxis(real, grid, columns, scratch);
  }
  if (!attention.padded()) return;
  FoldPadLogit(attention, relative, by_offset.select(3, by_offset.size(3) - 1), scratch);
}

// softmax(query . key^T + bias) . value -> [B, heads, N, head_dim], in memory [B, N, heads, head_dim]. One
// head at a time: its logits then stay in the cache from one step to the next.
at::Tensor PlainAttention(const AttentionScratch& scratch, const at::Tensor& key, const at::Tensor& value) {
  const at::Tensor query = scratch.query.flatten(0, 1), keys = key.flatten(0, 1).transpose(1, 2);
  const at::Tensor bias = scratch.bias.flatten(0, 1).narrow(3, 0, key.size(2));
  const int64_t batch = key.size(0), heads = key.size(1), tokens = query.size(1), rows = bias.size(1);
  at::Tensor out = at::empty({batch, tokens, heads, value.size(3)}, value.options()).transpose(1, 2);
  at::Tensor scores = scratch.scores.narrow(0, 0, tokens * key.size(2)).view({tokens, -1});
  for (int64_t n = 0; n < batch * heads; ++n) {
    at::mm_out(scores, query[n], keys[n]);
    scores.view({rows, tokens / rows, -1}).add_(bias[n]);
    at::_softmax_out(scores, scores, -1, /*half_to_float=*/false);
    at::Tensor head = out[n / heads][n % heads];
    at::mm_out(head, scores, value[n / heads][n % heads]);
  }
  return out;
}

// The same by a fused kernel, which wants values as wide as keys.
at::Tensor FusedAttention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
  const at::Tensor wide = at::constant_pad_nd(value, {0, key.size(3) - value.size(3)});
  return at::scaled_dot_product_attention(query, key, wide, /*attn_mask=*/{}, /*dropout_p=*/0.0,
                                          /*is_causal=*/false, /*scale=*/1.0)
      .narrow(3, 0, value.size(3));
}

// Unit vectors that the queries' position columns meet in keys [B, heads, a, b, c, columns].
void FillKeyColumns(const at::Tensor& columns, int64_t grid, Folding folding) {
  const at::Tensor unit = at::eye(grid, columns.options());  // [c, c']
  if (folding == Folding::kLastAxis) {
    columns.copy_(unit);
    return;
  }
  const at::Tensor pairs =
      at::eye(grid * grid, columns.options()).view({grid, grid, grid, grid});  // [x, c, x', c']
  const at::Tensor split = columns.unflatten(5, {2, grid, grid});  // [B, heads, a, b, c, 2, x', c']
  split.select(5, 0).copy_(pairs.unsqueeze(1));                    // x is a
  split.select(5, 1).copy_(pairs.unsqueeze(0));                    // x is b
}

// A table of relative positions [2 span - 1, head_dim] indexed by (own - other + span - 1) -> rows by
// (other - own + g - 1) for own in the grid, other in the span: [g + span - 1, head_dim]
at::Tensor ByOffset(const at::Tensor& table, int64_t grid, int64_t span) {
  return table.narrow(0, 0, OffsetCount(grid, span)).flip(0);
}

// What the padded queries contribute: they are all the bias of q [heads, head_dim], unscaled.
void LoadPadding(const TensorMap& tensors, const std::string& name, const at::Tensor& bias,
                 Attention3d& attention) {
  const int64_t grid = attention.grid, span = attention.span, heads = attention.heads;
  const at::Tensor parts = bias.view({3, heads, -1});
  const at::Tensor index = at::arange(span);
  const at::Tensor offset = index.unsqueeze(1) - index.unsqueeze(0) + span - 1;  // [own, other]
  const auto relative = [&](const char* axis) {                                  // [heads, own, other]
    const at::Tensor by_difference = at::matmul(parts[0], tensors.Get(name + ".rel_pos_" + axis).t());
    return by_difference.index_select(1, offset.flatten()).view({heads, span, span});
  };
  const at::Tensor h = relative("h").narrow(1, 0, grid) + std::log(static_cast<double>(span - grid));
  const at::Tensor w = at::logsumexp(relative("w").narrow(1, grid, span - grid), 1);
  attention.log_pad_h = tensors.Value(h.unsqueeze(1));
  attention.log_pad_w = tensors.Value(w.view({heads, 1, 1, span}));
  attention.pad_value = tensors.Matrix(parts[2].unsqueeze(1));
}

}  // namespace

Attention3d LoadAttention3d(const TensorMap& tensors, const std::string& name, const ModelConfig& config,
                            int span) {
  const int64_t channels = config.embed_dim, head_dim = config.head_dim();
  const double scale = 1.0 / std::sqrt(static_cast<double>(head_dim));
  Attention3d attention;
  attention.heads = config.heads;
  attention.grid = config.grid();
  attention.span = span;
  at::Tensor weight = tensors.Get(name + ".qkv.weight"), bias = tensors.Get(name + ".qkv.bias");
  if (attention.padded()) LoadPadding(tensors, name, bias, attention);
  std::vector<at::Tensor> offsets;
  for (const char* axis : {"d", "h", "w"}) {
    offsets.push_back(ByOffset(tensors.Get(name + ".rel_pos_" + axis), config.grid(), span));
  }
  // Queries come scaled, but positions belong to unscaled ones.
  const at::Tensor shared = at::cat(offsets).t().div(scale).expand({config.heads, -1, -1});
  const at::Tensor pad_key = bias.narrow(0, channels, channels).view({config.heads, head_dim, 1});
  attention.positions = tensors.Matrix(at::cat({shared, pad_key}, 2));
  // Queries are scaled once, here, instead of at every encode.
  const at::Tensor factors = at::ones({3 * channels}, bias.options());
  factors.narrow(0, 0, channels).fill_(scale);
  weight = weight * factors.unsqueeze(1);
  bias = bias * factors;
  attention.qkv = {tensors.Matrix(weight), tensors.Value(bias)};
  attention.proj = tensors.GetLinear(name + ".proj");
  return attention;
}

Folding ChooseFolding(at::Device device, at::ScalarType matmul_type) {
  return device.is_cpu() && matmul_type == at::kFloat ? Folding::kLastAxis : Folding::kAll;
}

AttentionScratch MakeAttentionScratch(const ModelConfig& config, int64_t batch, at::Device device,
                                      at::ScalarType matmul_type, Folding folding) {
  const int64_t grid = config.grid(), tokens = grid * grid * grid, head_dim = config.head_dim();
  const int64_t width = FoldedWidth(head_dim, grid, folding), columns = PositionColumns(grid, folding);
  const auto options = at::TensorOptions().device(device).dtype(matmul_type);
  AttentionScratch scratch;
  scratch.folding = folding;
  scratch.query = at::zeros({batch, config.heads, tokens, width}, options);
  scratch.key = at::zeros({batch, config.heads, tokens + 1, width}, options);
  scratch.value = at::empty({batch, config.heads, tokens + 1, head_dim}, options);
  FillKeyColumns(
      scratch.key.narrow(2, 0, tokens).narrow(3, head_dim, columns).unflatten(2, {grid, grid, grid}), grid,
      folding);
  scratch.key.select(2, tokens).narrow(2, head_dim + columns, kPadColumns).fill_(1);
  if (folding == Folding::kLastAxis) {
    scratch.bias = at::zeros({batch, config.heads, grid * grid, 1, tokens + 1}, options);
    scratch.scores = at::empty({tokens * (tokens + 1)}, options);
  }
  return scratch;
}

namespace {

// D, H or W by offset [B, heads, i, j, k, offsets] -> by the key's index c, [B, heads, i, j, k, span]: column
// c - own + g - 1, where `own` is the query's index along dimension `dim` (2, 3 or 4).
at::Tensor GatherAxis(const at::Tensor& by_offset, int64_t dim, int64_t grid, int64_t span) {
  std::vector<int64_t> own_shape(6, 1);
  own_shape[dim] = grid;
  const auto options = by_offset.options().dtype(at::kLong);
  const at::Tensor column =
      at::arange(span, options) - at::arange(grid, options).view(own_shape) + (grid - 1);
  std::vector<int64_t> shape = by_offset.sizes().vec();
  shape.back() = span;
  return by_offset.gather(5, column.expand(shape));
}

// What Attend computes, as autograd can follow it: nothing is written in place and nothing is folded.
at::Tensor AttendWithGradients(const Attention3d& attention, const at::Tensor& x) {
  const int64_t batch = x.size(0), tokens = x.size(1), grid = attention.grid, span = attention.span;
  const int64_t offsets = OffsetCount(grid, span);
  const at::Tensor qkv =
      attention.qkv(x).view({batch, tokens, 3, attention.heads, -1}).permute({2, 0, 3, 1, 4});
  const at::Tensor query = qkv[0];  // [B, heads, N, head_dim]
  at::Tensor key = qkv[1], value = qkv[2];
  const at::Tensor products = at::matmul(query, attention.positions).unflatten(2, {grid, grid, grid});
  const auto axis = [&](int n) {
    return GatherAxis(products.narrow(5, n * offsets, offsets), 2 + n, grid, span);
  };
  const Relative relative{axis(0), axis(1), axis(2)};
  const at::Tensor d = relative.d.narrow(5, 0, grid), h = relative.h.narrow(5, 0, grid),
                   w = relative.w.narrow(5, 0, grid);
  // [B, heads, i, j, k, a, b, c]: D by c; H, read at (i, j, a), by c; W, read at (i, j, b), by c.
  const at::Tensor positions = d.unsqueeze(5).unsqueeze(5) + (h.unsqueeze(5) + w.unsqueeze(4)).unsqueeze(4);
  at::Tensor logits = at::matmul(query, key.transpose(2, 3)) + positions.flatten(5, 7).flatten(2, 4);
  if (attention.padded()) {
    const at::Tensor pad =
        LogPadMass(attention, relative).flatten(2) + products.select(5, 3 * offsets).flatten(2);
    logits = at::cat({logits, pad.unsqueeze(3)}, 3);
    value = at::cat({value, attention.pad_value.unsqueeze(0).expand({batch, -1, -1, -1})}, 2);
  }
  const at::Tensor weights =
      at::softmax(logits, -1).to(value.scalar_type());  // a pad's logit made it float32
  return at::matmul(weights, value).transpose(1, 2).reshape({batch * tokens, -1});
}

}  // namespace

at::Tensor Attend(const Attention3d& attention, const at::Tensor& x, AttentionScratch& scratch) {
  if (WantsGradients({x, attention.qkv.weight, attention.qkv.bias, attention.positions})) {
    return AttendWithGradients(attention, x);
  }
  const int64_t batch = x.size(0), tokens = x.size(1), head_dim = attention.positions.size(1);
  const at::Tensor qkv =
      attention.qkv.Multiply(x).view({batch, tokens, 3, attention.heads, head_dim}).permute({2, 0, 3, 1, 4});
  const at::Tensor bias = attention.qkv.bias.view({3, attention.heads, 1, head_dim});
  // The bias joins on the way to the heads, which saves a pass over memory.
  at::Tensor query = scratch.query.narrow(3, 0, head_dim), value = scratch.value.narrow(2, 0, tokens);
  at::Tensor key_own = scratch.key.narrow(2, 0, tokens).narrow(3, 0, head_dim);
  at::add_out(query, qkv[0], bias[0]);
  at::add_out(key_own, qkv[1], bias[1]);
  at::add_out(value, qkv[2], bias[2]);
  if (attention.padded()) scratch.value.narrow(2, tokens, 1).copy_(attention.pad_value);
  FoldPositions(attention, scratch);
  const int64_t keys = attention.padded() ? tokens + 1 : tokens;
  const at::Tensor key = scratch.key.narrow(2, 0, keys), values = scratch.value.narrow(2, 0, keys);
  const at::Tensor heads = scratch.folding == Folding::kAll ? FusedAttention(scratch.query, key, values)
                                                            : PlainAttention(scratch, key, values);
  return heads.transpose(1, 2).reshape({batch * tokens, -1});  // [B N, C]
}

}  // namespace sgpsam
