#include "core/model/attention3d.h"

#include <ATen/ATen.h>

#include <cmath>

namespace sgpsam {
namespace {

constexpr int kPadColumns = 2;     // the padded key's logit in two parts, so that bfloat16 keeps its digits
constexpr int kWidthMultiple = 8;  // what fused kernels ask of a head's width
constexpr double kLeastMass = 1e-37;  // keeps the logarithm finite where every padded key has underflowed

int64_t FoldedWidth(int64_t head_dim, int64_t grid) {
  const int64_t width = head_dim + 3 * grid + kPadColumns;
  return (width + kWidthMultiple - 1) / kWidthMultiple * kWidthMultiple;
}

// Fused attention wins on accelerators and in bfloat16; in float32 on a processor two matrix products around
// a softmax are faster (4.8 ms against 5.8 ms a block on two Sapphire Rapids cores).
bool UsesFusedKernel(at::Device device, at::ScalarType matmul_type) {
  return !device.is_cpu() || matmul_type != at::kFloat;
}

// Columns of `positions` that one axis takes: every difference of a padded and a real index.
int64_t OffsetCount(int64_t grid, int64_t span) { return grid + span - 1; }

// Relative positions of axis `axis`, offset by offset [B, heads, N, 3 * offsets + 1] seen per query as
// [B, heads, i, j, k, a], a = 0..span-1 along the axis: column (a - own index + grid - 1), which is a stride.
at::Tensor AxisView(const at::Tensor& by_offset, int axis, int64_t grid, int64_t span) {
  const int64_t columns = by_offset.size(3);
  std::vector<int64_t> strides{
      by_offset.stride(0), by_offset.stride(1), grid * grid * columns, grid * columns, columns, 1};
  strides[2 + axis] -= 1;
  return by_offset.as_strided({by_offset.size(0), by_offset.size(1), grid, grid, grid, span}, strides,
                              axis * OffsetCount(grid, span) + grid - 1);
}

// Sums of exp over one axis, relative to exp(peak).
struct AxisMass {
  at::Tensor peak, real, padded, all;  // [B, heads, N] each
};

AxisMass SumAxis(const at::Tensor& relative, int64_t grid) {
  const at::Tensor flat = relative.flatten(2, 4).to(at::kFloat);  // [B, heads, N, span]
  AxisMass mass;
  mass.peak = flat.amax(-1);
  const at::Tensor exps = at::exp(flat - mass.peak.unsqueeze(-1));
  mass.real = exps.narrow(-1, 0, grid).sum(-1);
  mass.padded = exps.narrow(-1, grid, flat.size(3) - grid).sum(-1);
  mass.all = mass.real + mass.padded;
  return mass;
}

// log of the sum of exp(logit) over all padded keys, [B, heads, N]
at::Tensor PadLogit(const AxisMass& d, const AxisMass& h, const AxisMass& w,
                    const at::Tensor& query_dot_bias) {
  const at::Tensor mass = (d.padded * h.all + d.real * h.padded) * w.all + d.real * h.real * w.padded;
  return at::log(mass.clamp_min(kLeastMass)) + d.peak + h.peak + w.peak + query_dot_bias;
}

// Writes the columns of `query` behind its own head_dim ones.
void FoldPositions(const Attention3d& attention, at::Tensor& query) {
  const int64_t grid = attention.grid, head_dim = attention.positions.size(1);
  const at::Tensor by_offset =
      at::matmul(query.narrow(3, 0, head_dim), attention.positions);  // [B, heads, N, .]
  AxisMass mass[3];
  for (int axis = 0; axis < 3; ++axis) {
    const at::Tensor relative = AxisView(by_offset, axis, grid, attention.span);
    query.narrow(3, head_dim + axis * grid, grid)
        .unflatten(2, {grid, grid, grid})
        .copy_(relative.narrow(5, 0, grid));
    if (attention.padded()) mass[axis] = SumAxis(relative, grid);
  }
  if (!attention.padded()) return;
  const at::Tensor query_dot_bias = by_offset.select(3, by_offset.size(3) - 1);
  const at::Tensor logit = PadLogit(mass[0], mass[1], mass[2], query_dot_bias);
  const at::Tensor high = query.select(3, head_dim + 3 * grid);
  high.copy_(logit);
  query.select(3, head_dim + 3 * grid + 1).copy_(logit - high);
}

// softmax(query . key^T) . value -> [B, heads, N, head_dim]
at::Tensor PlainAttention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                          const at::Tensor& buffer) {
  const int64_t keys = key.size(2);
  at::Tensor scores = buffer.flatten()
                          .narrow(0, 0, buffer.size(0) * buffer.size(1) * keys)
                          .view({buffer.size(0), buffer.size(1), keys});
  at::bmm_out(scores, query.flatten(0, 1), key.flatten(0, 1).transpose(1, 2));
  at::_softmax_out(scores, scores, -1, /*half_to_float=*/false);
  return at::bmm(scores, value.flatten(0, 1)).unflatten(0, {query.size(0), query.size(1)});
}

// The same by a fused kernel, which wants values as wide as keys.
at::Tensor FusedAttention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
  const at::Tensor wide = at::constant_pad_nd(value, {0, key.size(3) - value.size(3)});
  return at::scaled_dot_product_attention(query, key, wide, /*attn_mask=*/{}, /*dropout_p=*/0.0,
                                          /*is_causal=*/false,
                                          /*scale=*/1.0)
      .narrow(3, 0, value.size(3));
}

// Relative positions of one axis [2 span - 1, head_dim], ordered by (padded index - real index) -> [g + span
// - 1, head_dim]
at::Tensor ByOffset(const at::Tensor& table, int64_t grid, int64_t span) {
  return table.narrow(0, 0, OffsetCount(grid, span)).flip(0);
}

}  // namespace

Attention3d LoadAttention3d(const TensorMap& tensors, const std::string& name, const ModelConfig& config,
                            int span) {
  const int64_t channels = config.embed_dim, head_dim = config.head_dim();
  const double scale = 1.0 / std::sqrt(static_cast<double>(head_dim));
  at::Tensor weight = tensors.Get(name + ".qkv.weight"), bias = tensors.Get(name + ".qkv.bias");
  const at::Tensor pad_key = bias.narrow(0, channels, channels).reshape({config.heads, head_dim, 1});
  const at::Tensor pad_value = bias.narrow(0, 2 * channels, channels).reshape({config.heads, 1, head_dim});
  // Scaled queries; positions are added for the unscaled ones (image_encoder3D.py, add_decomposed_rel_pos).
  weight.narrow(0, 0, channels).mul_(scale);
  bias.narrow(0, 0, channels).mul_(scale);
  std::vector<at::Tensor> offsets;
  for (const char* axis : {"d", "h", "w"}) {
    offsets.push_back(ByOffset(tensors.Get(name + ".rel_pos_" + axis), config.grid(), span));
  }
  const at::Tensor shared = at::cat(offsets).t().div(scale);  // [head_dim, 3 offsets]
  Attention3d attention;
  attention.heads = config.heads;
  attention.grid = config.grid();
  attention.span = span;
  attention.positions = tensors.Matrix(at::cat({shared.expand({config.heads, -1, -1}), pad_key}, /*dim=*/2));
  attention.pad_value = tensors.Matrix(pad_value);
  attention.qkv = {tensors.Matrix(weight), tensors.Value(bias)};
  attention.proj = tensors.GetLinear(name + ".proj");
  return attention;
}

AttentionScratch MakeAttentionScratch(const ModelConfig& config, int64_t batch, at::Device device,
                                      at::ScalarType matmul_type) {
  const int64_t grid = config.grid(), tokens = grid * grid * grid, head_dim = config.head_dim();
  const int64_t width = FoldedWidth(head_dim, grid);
  const auto options = at::TensorOptions().device(device).dtype(matmul_type);
  AttentionScratch scratch;
  scratch.query = at::zeros({batch, config.heads, tokens, width}, options);
  scratch.key = at::zeros({batch, config.heads, tokens + 1, width}, options);
  scratch.value = at::empty({batch, config.heads, tokens + 1, head_dim}, options);
  if (!UsesFusedKernel(device, matmul_type)) {
    scratch.scores = at::empty({batch * config.heads, tokens, tokens + 1}, options);
  }
  const at::Tensor unit = at::eye(grid, options);
  const at::Tensor axes = scratch.key.narrow(2, 0, tokens).unflatten(2, {grid, grid, grid});
  for (int axis = 0; axis < 3; ++axis) {
    std::vector<int64_t> shape{grid, 1, 1, grid};
    std::swap(shape[0], shape[axis]);
    axes.narrow(5, head_dim + axis * grid, grid).copy_(unit.view(shape));
  }
  scratch.key.select(2, tokens).narrow(2, head_dim + 3 * grid, kPadColumns).fill_(1);
  return scratch;
}

at::Tensor Attend(const Attention3d& attention, const at::Tensor& x, AttentionScratch& scratch) {
  const int64_t batch = x.size(0), tokens = x.size(1), head_dim = attention.positions.size(1);
  const at::Tensor qkv =
      attention.qkv(x).view({batch, tokens, 3, attention.heads, head_dim}).permute({2, 0, 3, 1, 4});
  scratch.query.narrow(3, 0, head_dim).copy_(qkv[0]);
  scratch.key.narrow(2, 0, tokens).narrow(3, 0, head_dim).copy_(qkv[1]);
  scratch.value.narrow(2, 0, tokens).copy_(qkv[2]);
  if (attention.padded()) scratch.value.narrow(2, tokens, 1).copy_(attention.pad_value);
  FoldPositions(attention, scratch.query);
  const int64_t keys = attention.padded() ? tokens + 1 : tokens;
  const at::Tensor key = scratch.key.narrow(2, 0, keys), value = scratch.value.narrow(2, 0, keys);
  const at::Tensor heads = scratch.scores.defined()
                               ? PlainAttention(scratch.query, key, value, scratch.scores)
                               : FusedAttention(scratch.query, key, value);
  return heads.transpose(1, 2).reshape({batch * tokens, -1});  // [B N, C]
}

}  // namespace sgpsam
