#include "tests/oracle/plain_decoder.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <numbers>

#include "absl/strings/str_cat.h"

namespace sgpsam {

at::Tensor PlainDecoder::EncodePositions(const at::Tensor& coordinates) const {
  const at::Tensor& gaussian = weights_["prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"];
  const at::Tensor phase = 2 * std::numbers::pi * at::matmul(2 * coordinates - 1, gaussian);
  return at::cat({at::sin(phase), at::cos(phase), at::sin(phase)}, -1);
}

at::Tensor PlainDecoder::DensePositions() const {
  const int64_t grid = config_.grid();
  const at::Tensor ones = at::ones({grid, grid, grid});
  const at::Tensor x = (ones.cumsum(1) - 0.5) / grid, y = (ones.cumsum(0) - 0.5) / grid,
                   z = (ones.cumsum(2) - 0.5) / grid;
  return EncodePositions(at::stack({x, y, z}, -1)).permute({3, 0, 1, 2}).unsqueeze(0);  // [1, C, g, g, g]
}

// -> [1, C]
at::Tensor PlainDecoder::EncodeVoxel(float i, float j, float k, int label) const {
  const at::Tensor coordinate = (at::tensor({i, j, k}) + 0.5) / config_.patch;
  return EncodePositions(coordinate.unsqueeze(0)) +
         weights_[absl::StrCat("prompt_encoder.point_embeddings.", label, ".weight")];
}

// -> [1, tokens, C]: the clicks, then the two corners of the box or else a padding point
at::Tensor PlainDecoder::EncodePrompts(const std::vector<Click>& clicks,
                                       const std::optional<BoxCorners>& box) const {
  std::vector<at::Tensor> rows;
  for (const Click& click : clicks) {
    rows.push_back(EncodeVoxel(click.i, click.j, click.k, click.positive ? 1 : 0));
  }
  if (box) {
    rows.push_back(EncodeVoxel(box->low[0], box->low[1], box->low[2], 2));
    rows.push_back(EncodeVoxel(box->high[0], box->high[1], box->high[2], 3));
  } else {
    rows.push_back(weights_["prompt_encoder.not_a_point_embed.weight"]);
  }
  return at::cat(rows).unsqueeze(0);
}

at::Tensor PlainDecoder::EncodeMask(const at::Tensor& mask_logits) const {
  const int64_t grid = config_.grid();
  if (!mask_logits.defined()) {
    return weights_["prompt_encoder.no_mask_embed.weight"]
        .view({1, -1, 1, 1, 1})
        .expand({1, -1, grid, grid, grid});
  }
  const std::string name = "prompt_encoder.mask_downscaling.";
  const auto convolve = [&](const char* layer, const at::Tensor& x, int64_t stride) {
    return at::conv3d(x, weights_[name + layer + ".weight"], weights_[name + layer + ".bias"], stride);
  };
  at::Tensor x = at::gelu(weights_.LayerNorm3d(name + "1", convolve("0", mask_logits, 2)));
  x = at::gelu(weights_.LayerNorm3d(name + "4", convolve("3", x, 2)));
  return convolve("6", x, 1);
}

at::Tensor PlainDecoder::Attend(const std::string& name, const at::Tensor& q, const at::Tensor& k,
                                const at::Tensor& v) const {
  const auto heads = [&](const char* projection, const at::Tensor& x) {
    return weights_.Linear(name + projection, x).unflatten(2, {config_.decoder_heads, -1}).transpose(1, 2);
  };
  const at::Tensor queries = heads(".q_proj", q);
  at::Tensor logits = at::matmul(queries, heads(".k_proj", k).transpose(2, 3));
  logits = logits / std::sqrt(static_cast<double>(queries.size(3)));
  const at::Tensor out = at::matmul(at::softmax(logits, -1), heads(".v_proj", v));
  return weights_.Linear(name + ".out_proj", out.transpose(1, 2).flatten(2));
}

at::Tensor PlainDecoder::RunMlp(const std::string& name, const at::Tensor& x) const {
  const at::Tensor hidden = at::relu(weights_.Linear(name + ".layers.0", x));
  return weights_.Linear(name + ".layers.2", at::relu(weights_.Linear(name + ".layers.1", hidden)));
}

void PlainDecoder::RunLayer(int index, const at::Tensor& token_pe, const at::Tensor& image_pe,
                            at::Tensor& tokens, at::Tensor& image) const {
  const std::string name = absl::StrCat("mask_decoder.transformer.layers.", index);
  if (index == 0) {
    tokens = Attend(name + ".self_attn", tokens, tokens, tokens);
  } else {
    const at::Tensor q = tokens + token_pe;
    tokens = tokens + Attend(name + ".self_attn", q, q, tokens);
  }
  tokens = weights_.LayerNorm(name + ".norm1", tokens, 1e-5);
  tokens = tokens + Attend(name + ".cross_attn_token_to_image", tokens + token_pe, image + image_pe, image);
  tokens = weights_.LayerNorm(name + ".norm2", tokens, 1e-5);
  tokens =
      tokens + weights_.Linear(name + ".mlp.lin2", at::relu(weights_.Linear(name + ".mlp.lin1", tokens)));
  tokens = weights_.LayerNorm(name + ".norm3", tokens, 1e-5);
  image = image + Attend(name + ".cross_attn_image_to_token", image + image_pe, tokens + token_pe, tokens);
  image = weights_.LayerNorm(name + ".norm4", image, 1e-5);
}

// image [1, C, g, g, g] -> [1, C / 8, 4g, 4g, 4g]
at::Tensor PlainDecoder::Upscale(const at::Tensor& image) const {
  const std::string name = "mask_decoder.output_upscaling.";
  const auto convolve = [&](const char* layer, const at::Tensor& x) {
    return at::conv_transpose3d(x, weights_[name + layer + ".weight"], weights_[name + layer + ".bias"],
                                /*stride=*/2);
  };
  return at::gelu(convolve("3", at::gelu(weights_.LayerNorm3d(name + "1", convolve("0", image)))));
}

Decoded PlainDecoder::Decode(const at::Tensor& embedding, const std::vector<Click>& clicks,
                             const at::Tensor& mask_logits, MaskOutput output,
                             const std::optional<BoxCorners>& box) const {
  const c10::InferenceMode inference_mode;
  const std::string name = "mask_decoder.";
  const int64_t grid = config_.grid(), masks = config_.mask_tokens();
  const at::Tensor token_pe =
      at::cat({weights_[name + "iou_token.weight"].unsqueeze(0),
               weights_[name + "mask_tokens.weight"].unsqueeze(0), EncodePrompts(clicks, box)},
              1);
  const at::Tensor image_pe = DensePositions().flatten(2).transpose(1, 2);
  at::Tensor tokens = token_pe, image = (embedding + EncodeMask(mask_logits)).flatten(2).transpose(1, 2);
  for (int i = 0; i < config_.decoder_depth; ++i) RunLayer(i, token_pe, image_pe, tokens, image);
  const std::string final_name = name + "transformer.final_attn_token_to_image";
  tokens = tokens + Attend(final_name, tokens + token_pe, image + image_pe, image);
  tokens = weights_.LayerNorm(name + "transformer.norm_final_attn", tokens, 1e-5);
  std::vector<at::Tensor> filters;
  for (int64_t m = 0; m < masks; ++m) {
    filters.push_back(RunMlp(absl::StrCat(name, "output_hypernetworks_mlps.", m), tokens.select(1, 1 + m)));
  }
  const at::Tensor upscaled = Upscale(image.transpose(1, 2).reshape({1, -1, grid, grid, grid}));
  const at::Tensor low_res =
      at::matmul(at::stack(filters, 1), upscaled.flatten(2)).view({1, masks, 4 * grid, 4 * grid, 4 * grid});
  const at::Tensor iou = RunMlp(name + "iou_prediction_head", tokens.select(1, 0));
  const int64_t first = output == MaskOutput::kSingle ? 0 : 1,
                count = output == MaskOutput::kSingle ? 1 : masks - 1;
  return {low_res.narrow(1, first, count), iou.narrow(1, first, count), {}};
}

}  // namespace sgpsam
