#include "core/model/mask_decoder.h"

#include <ATen/ATen.h>

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

// Heads [B, heads, L, W / heads] of x [B, L, W].
at::Tensor SplitHeads(const at::Tensor& x, int64_t heads) {
  return x.unflatten(2, {heads, -1}).transpose(1, 2);
}

at::Tensor JoinHeads(const at::Tensor& x) { return x.transpose(1, 2).flatten(2); }

// q, k and v [B, T, W] -> [B, T, W]: plain multi-head attention. Queries come scaled.
at::Tensor AttendHeads(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads) {
  const at::Tensor logits = at::matmul(SplitHeads(q, heads), SplitHeads(k, heads).transpose(2, 3));
  return JoinHeads(at::matmul(at::softmax(logits, -1), SplitHeads(v, heads)));
}

// The products of few vectors [B, heads, T, d] with a projection of every token of the image [B, N, C]:
// [B, heads, T, N].
at::Tensor MeetImage(const ImageProjection& projection, const at::Tensor& few, const at::Tensor& image) {
  const at::Tensor carried = at::matmul(few, projection.weight).flatten(1, 2);  // [B, heads T, C]
  const at::Tensor products =
      at::bmm(carried, image.transpose(1, 2)).view({few.size(0), few.size(1), few.size(2), -1});
  return products + at::matmul(few, projection.positions);
}

// What tokens + token_pe [B, T, C] see in the image [B, N, C].
at::Tensor Look(const LookAtImage& look, const at::Tensor& positioned_tokens, const at::Tensor& image,
                int64_t heads) {
  const at::Tensor query = SplitHeads(look.query(positioned_tokens), heads);
  const at::Tensor weights = at::softmax(MeetImage(look.key, query, image), -1);  // [B, heads, T, N]
  const at::Tensor seen =
      at::bmm(weights.flatten(1, 2), image).view({query.size(0), heads, query.size(2), -1});
  return look.out(JoinHeads(at::matmul(seen, look.value)));
}

at::Tensor RunMlp(const Mlp3& mlp, const at::Tensor& x) {
  return mlp.lin2(at::relu(mlp.lin1(at::relu(mlp.lin0(x))))).to(at::kFloat);
}

// A projection's "weight" or "bias". Those to queries carry the factor head_dim^-0.5 of their attention's
// logits.
at::Tensor Projection(const TensorMap& tensors, const std::string& name, const char* part, int64_t heads) {
  const at::Tensor tensor = tensors.Get(absl::StrCat(name, ".", part));
  if (!absl::EndsWith(name, ".q_proj")) return tensor;
  return tensor / std::sqrt(static_cast<double>(tensor.size(0)) / static_cast<double>(heads));
}

// Several projections of the same input as one.
Linear Stack(const TensorMap& tensors, const std::vector<std::string>& names, int64_t heads) {
  std::vector<at::Tensor> weights, biases;
  for (const std::string& name : names) {
    weights.push_back(Projection(tensors, name, "weight", heads));
    biases.push_back(Projection(tensors, name, "bias", heads));
  }
  return {tensors.Matrix(at::cat(weights)), tensors.Value(at::cat(biases))};
}

// Of the image's tokens with their positions: project(x + pe) = W x + (W pe + b).
ImageProjection LoadImageProjection(const TensorMap& tensors, const std::string& name,
                                    const at::Tensor& dense_pe, int64_t heads) {
  const at::Tensor weight = Projection(tensors, name, "weight", heads),
                   bias = Projection(tensors, name, "bias", heads).unsqueeze(1);
  const at::Tensor positions = at::addmm(bias, weight, dense_pe.to(at::kCPU, at::kFloat).t());  // [I, N]
  return {tensors.Matrix(weight.unflatten(0, {heads, -1})),
          tensors.Matrix(positions.unflatten(0, {heads, -1}))};
}

LookAtImage LoadLook(const TensorMap& tensors, const std::string& name, const at::Tensor& dense_pe,
                     int64_t heads) {
  LookAtImage look;
  look.query = Stack(tensors, {name + ".q_proj"}, heads);
  look.key = LoadImageProjection(tensors, name + ".k_proj", dense_pe, heads);
  look.value = tensors.Matrix(tensors.Get(name + ".v_proj.weight").unflatten(0, {heads, -1}).transpose(1, 2));
  const at::Tensor out = tensors.Get(name + ".out_proj.weight");
  look.out = {tensors.Matrix(out), tensors.Value(at::addmv(tensors.Get(name + ".out_proj.bias"), out,
                                                           tensors.Get(name + ".v_proj.bias")))};
  return look;
}

DecoderLayer LoadLayer(const TensorMap& tensors, const std::string& name, const at::Tensor& dense_pe,
                       int64_t heads) {
  const std::string to_token = name + ".cross_attn_image_to_token";
  DecoderLayer layer;
  layer.self_qk = Stack(tensors, {name + ".self_attn.q_proj", name + ".self_attn.k_proj"}, heads);
  layer.self_v = tensors.GetLinear(name + ".self_attn.v_proj");
  layer.self_out = tensors.GetLinear(name + ".self_attn.out_proj");
  layer.norm1 = tensors.GetNorm(name + ".norm1", kDecoderNormEps);
  layer.look = LoadLook(tensors, name + ".cross_attn_token_to_image", dense_pe, heads);
  layer.norm2 = tensors.GetNorm(name + ".norm2", kDecoderNormEps);
  layer.lin1 = tensors.GetLinear(name + ".mlp.lin1");
  layer.lin2 = tensors.GetLinear(name + ".mlp.lin2");
  layer.norm3 = tensors.GetNorm(name + ".norm3", kDecoderNormEps);
  layer.image_query = LoadImageProjection(tensors, to_token + ".q_proj", dense_pe, heads);
  layer.token_key = tensors.GetLinear(to_token + ".k_proj");
  layer.token_value = tensors.GetLinear(to_token + ".v_proj");
  layer.image_out = tensors.Matrix(tensors.Get(to_token + ".out_proj.weight").t().unflatten(0, {heads, -1}));
  layer.image_out_bias = tensors.Value(tensors.Get(to_token + ".out_proj.bias") / static_cast<double>(heads));
  layer.norm4 = tensors.GetNorm(name + ".norm4", kDecoderNormEps);
  return layer;
}

Mlp3 LoadMlp(const TensorMap& tensors, const std::string& name) {
  return {tensors.GetLinear(name + ".layers.0"), tensors.GetLinear(name + ".layers.1"),
          tensors.GetLinear(name + ".layers.2")};
}

// A transposed convolution [in, out, 2, 2, 2] as a product: rows are the 8 output voxels of an input voxel.
Linear LoadUpscale(const TensorMap& tensors, const std::string& name) {
  const at::Tensor kernel = tensors.Get(name + ".weight");
  return {tensors.Matrix(kernel.permute({2, 3, 4, 1, 0}).flatten(0, 3)),
          tensors.Value(tensors.Get(name + ".bias").repeat({8}))};
}

// tokens [B, T, C] += self attention; the first layer replaces them and sees no positions (transformer.py,
// skip_first_layer_pe).
at::Tensor SelfAttend(const DecoderLayer& layer, const at::Tensor& tokens, const at::Tensor& token_pe,
                      bool first, int64_t heads) {
  const std::vector<at::Tensor> qk = layer.self_qk(first ? tokens : tokens + token_pe).chunk(2, 2);
  const at::Tensor attended = layer.self_out(AttendHeads(qk[0], qk[1], layer.self_v(tokens), heads));
  return layer.norm1(first ? attended : tokens + attended);
}

struct TwoWay {
  at::Tensor tokens;  // [B, T, C]
  at::Tensor image;   // [B, N, C]
};

// What the image [B, N, C] learns of the tokens is added to it. Logits lie queries last, so that the softmax
// over the tokens runs along the long side.
void TellImage(const DecoderLayer& layer, const at::Tensor& tokens, const at::Tensor& token_pe, int64_t heads,
               at::Tensor& image) {
  const at::Tensor key = SplitHeads(layer.token_key(tokens + token_pe), heads);  // [B, heads, T, d]
  const at::Tensor value = SplitHeads(layer.token_value(tokens), heads);
  const at::Tensor weights = at::softmax(MeetImage(layer.image_query, key, image), 2);   // [B, heads, T, N]
  const at::Tensor carried = at::matmul(value, layer.image_out) + layer.image_out_bias;  // [B, heads, T, C]
  image = at::baddbmm(image, weights.flatten(1, 2).transpose(1, 2), carried.flatten(1, 2));
}

void RunLayer(const DecoderLayer& layer, const at::Tensor& token_pe, bool first, int64_t heads,
              TwoWay& state) {
  at::Tensor tokens = SelfAttend(layer, state.tokens, token_pe, first, heads);
  tokens = layer.norm2(tokens + Look(layer.look, tokens + token_pe, state.image, heads));
  tokens = layer.norm3(tokens + layer.lin2(at::relu(layer.lin1(tokens))));
  TellImage(layer, tokens, token_pe, heads, state.image);
  state.image = layer.norm4(state.image);
  state.tokens = tokens;
}

TwoWay RunTransformer(const MaskDecoder& decoder, at::Tensor image, const at::Tensor& tokens) {
  TwoWay state{tokens, std::move(image)};
  for (size_t i = 0; i < decoder.layers.size(); ++i) {
    RunLayer(decoder.layers[i], tokens, /*first=*/i == 0, decoder.heads, state);
  }
  const at::Tensor looked = Look(decoder.final_look, state.tokens + tokens, state.image, decoder.heads);
  state.tokens = decoder.final_norm(state.tokens + looked);
  return state;
}

// detail [B, d, 4g, 4g, 4g] -> [B, 64 N, d], ordered as what is upscaled: token i j k, half i j k, quarter i
// j k
at::Tensor ToCells(const at::Tensor& detail, int64_t grid) {
  const int64_t batch = detail.size(0);
  return detail.view({batch, -1, grid, 2, 2, grid, 2, 2, grid, 2, 2})
      .permute({0, 2, 5, 8, 3, 6, 9, 4, 7, 10, 1})
      .reshape({batch, 64 * grid * grid * grid, -1});
}

// image [B, N, C] -> [B, 64 N, C / 8]: the 4 x 4 x 4 voxels of each token one after the other
at::Tensor Upscale(const MaskDecoder& decoder, const at::Tensor& image, const at::Tensor& detail) {
  const at::Tensor eighths = decoder.upscale1(image).unflatten(2, {8, -1}).flatten(1, 2);  // [B, 8 N, C / 4]
  at::Tensor fine = decoder.upscale2(Gelu(decoder.upscale_norm(eighths)));  // [B, 8 N, 8 C / 8]
  fine = fine.unflatten(2, {8, -1}).flatten(1, 2);
  if (detail.defined())
    fine = fine + at::matmul(at::gelu(ToCells(detail, decoder.grid)), decoder.from_detail);
  return Gelu(fine);
}

}  // namespace

at::Tensor ToVolumes(const at::Tensor& cells, int64_t grid) {
  const int64_t batch = cells.size(0), count = cells.size(2), side = 4 * grid;
  return cells.view({batch, grid, grid, grid, 2, 2, 2, 2, 2, 2, count})
      .permute({0, 10, 1, 4, 7, 2, 5, 8, 3, 6, 9})
      .reshape({batch, count, side, side, side})
      .to(at::kFloat);
}

MaskDecoder LoadMaskDecoder(const TensorMap& tensors, const ModelConfig& config, const at::Tensor& dense_pe) {
  const std::string name = "mask_decoder.";
  MaskDecoder decoder;
  decoder.heads = config.decoder_heads;
  decoder.grid = config.grid();
  decoder.output_tokens = tensors.Value(
      at::cat({tensors.Get(name + "iou_token.weight"), tensors.Get(name + "mask_tokens.weight")}));
  for (int i = 0; i < config.decoder_depth; ++i) {
    decoder.layers.push_back(
        LoadLayer(tensors, absl::StrCat(name, "transformer.layers.", i), dense_pe, decoder.heads));
  }
  decoder.final_look =
      LoadLook(tensors, name + "transformer.final_attn_token_to_image", dense_pe, decoder.heads);
  decoder.final_norm = tensors.GetNorm(name + "transformer.norm_final_attn", kDecoderNormEps);
  decoder.upscale1 = LoadUpscale(tensors, name + "output_upscaling.0");
  decoder.upscale_norm = tensors.GetNorm(name + "output_upscaling.1", kEncoderNormEps);
  decoder.upscale2 = LoadUpscale(tensors, name + "output_upscaling.3");
  if (config.sizes().detail_channels > 0) {
    decoder.from_detail = tensors.Matrix(tensors.Get("sgpm.detail_to_mask.weight").t());
  }
  for (int i = 0; i < config.mask_tokens(); ++i) {
    decoder.hypernetworks.push_back(LoadMlp(tensors, absl::StrCat(name, "output_hypernetworks_mlps.", i)));
  }
  decoder.iou_head = LoadMlp(tensors, name + "iou_prediction_head");
  return decoder;
}

Decoded Decode(const MaskDecoder& decoder, DecoderInput input, const at::Tensor& clicks, MaskOutput output) {
  const int64_t batch = input.image.size(0), masks = static_cast<int64_t>(decoder.hypernetworks.size());
  const int64_t first = output == MaskOutput::kSingle ? 0 : 1,
                count = output == MaskOutput::kSingle ? 1 : masks - 1;
  const at::Tensor tokens = at::cat({decoder.output_tokens.expand({batch, -1, -1}), clicks}, 1);  // [B, T, C]
  const TwoWay state = RunTransformer(decoder, std::move(input.image), tokens);
  std::vector<at::Tensor> filters;
  for (int64_t m = first; m < first + count; ++m) {
    filters.push_back(RunMlp(decoder.hypernetworks[m], state.tokens.select(1, 1 + m)));  // [B, C / 8]
  }
  const at::Tensor upscaled = Upscale(decoder, state.image, input.detail);  // [B, 64 N, C / 8]
  const at::Tensor logits = at::bmm(upscaled, at::stack(filters, 2).to(upscaled.scalar_type()));
  Decoded decoded;
  decoded.low_res = ToVolumes(logits, decoder.grid);
  decoded.upscaled = upscaled;
  decoded.iou = RunMlp(decoder.iou_head, state.tokens.select(1, 0)).narrow(1, first, count);
  return decoded;
}

}  // namespace sgpsam
