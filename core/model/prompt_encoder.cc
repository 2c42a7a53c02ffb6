#include "core/model/prompt_encoder.h"

#include <ATen/ATen.h>

#include <array>
#include <numbers>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

// coordinates [..., 3] in 0..1 -> [..., C], random Fourier features
at::Tensor EncodePositions(const at::Tensor& gaussian, const at::Tensor& coordinates) {
  const at::Tensor phase = at::matmul(2 * coordinates - 1, gaussian) * (2 * std::numbers::pi);
  const at::Tensor sine = at::sin(phase);
  return at::cat({sine, at::cos(phase), sine}, -1);
}

// Token (i, j, k) is encoded as the point (j, i, k): the reference's axes are swapped (prompt_encoder3D.py,
// PositionEmbeddingRandom3D.forward).
at::Tensor DensePositions(const at::Tensor& gaussian, int64_t grid) {
  const at::Tensor centres = (at::arange(grid, gaussian.options()) + 0.5) / grid;
  const std::vector<at::Tensor> axes = at::meshgrid({centres, centres, centres}, "ij");
  return EncodePositions(gaussian, at::stack({axes[1], axes[0], axes[2]}, -1)).flatten(0, 2);  // [N, C]
}

// x [B, 2n, 2n, 2n, c] -> [B, n, n, n, c * 8], in the order of a flattened convolution kernel [c, 2, 2, 2]
at::Tensor GatherCubes(const at::Tensor& x) {
  const int64_t n = x.size(1) / 2;
  return x.view({x.size(0), n, 2, n, 2, n, 2, x.size(4)})
      .permute({0, 1, 3, 5, 7, 2, 4, 6})
      .reshape({x.size(0), n, n, n, x.size(4) * 8});
}

}  // namespace

PromptEncoder LoadPromptEncoder(const TensorMap& tensors, const ModelConfig& config) {
  const std::string name = "prompt_encoder.";
  const int64_t tokens = int64_t{config.grid()} * config.grid() * config.grid();
  PromptEncoder encoder;
  const at::Tensor gaussian = tensors.Get(name + "pe_layer.positional_encoding_gaussian_matrix");
  encoder.gaussian = tensors.Value(gaussian);
  std::vector<at::Tensor> labels = {tensors.Get(name + "not_a_point_embed.weight")};
  for (int label = 0; label < config.point_embeddings; ++label) {
    labels.push_back(tensors.Get(absl::StrCat(name, "point_embeddings.", label, ".weight")));
  }
  encoder.labels = tensors.Value(at::cat(labels));
  encoder.mask_conv1 = tensors.GetLinear(name + "mask_downscaling.0");
  encoder.mask_norm1 = tensors.GetNorm(name + "mask_downscaling.1", kEncoderNormEps);
  encoder.mask_conv2 = tensors.GetLinear(name + "mask_downscaling.3");
  encoder.mask_norm2 = tensors.GetNorm(name + "mask_downscaling.4", kEncoderNormEps);
  encoder.mask_conv3 = tensors.GetLinear(name + "mask_downscaling.6");
  encoder.dense_pe = tensors.Value(DensePositions(gaussian, config.grid()));
  encoder.no_mask = tensors.Value(tensors.Get(name + "no_mask_embed.weight")).expand({tokens, -1});
  const int64_t side = config.sizes().logits_side;
  encoder.zero_mask =
      EncodeMask(encoder, at::zeros({1, side, side, side}, encoder.gaussian.options())).squeeze(0);
  return encoder;
}

Points ToPoints(int patch, absl::Span<const Click> clicks, const std::optional<BoxCorners>& box) {
  const int64_t count = static_cast<int64_t>(clicks.size()) + (box ? 2 : 1);
  Points points = {at::zeros({count, 3}, at::kFloat), at::empty({count}, at::kLong)};
  float* coordinate = points.coordinates.mutable_data_ptr<float>();
  int64_t* label = points.labels.mutable_data_ptr<int64_t>();
  const auto add = [&](const std::array<float, 3>& voxel, PointLabel its_label) {
    for (const float index : voxel) *coordinate++ = (index + 0.5f) / static_cast<float>(patch);
    *label++ = its_label;
  };
  for (const Click& click : clicks) add({click.i, click.j, click.k}, click.positive ? kPositive : kNegative);
  if (box) {
    add(box->low, kLowCorner);
    add(box->high, kHighCorner);
  } else {
    *label = kNotAPoint;
  }
  return points;
}

at::Tensor EncodePoints(const PromptEncoder& encoder, const Points& points) {
  const at::Tensor positions = EncodePositions(encoder.gaussian, points.coordinates);
  const at::Tensor is_point = points.labels.ne(kNotAPoint).unsqueeze(-1).to(at::kFloat);
  return positions * is_point +
         encoder.labels.index_select(0, points.labels.flatten()).view(positions.sizes());
}

at::Tensor EncodeMask(const PromptEncoder& encoder, const at::Tensor& logits) {
  at::Tensor x =
      encoder.mask_norm1(encoder.mask_conv1(GatherCubes(logits.unsqueeze(-1))));  // [B, 2g, 2g, 2g, narrow]
  x = encoder.mask_norm2(encoder.mask_conv2(GatherCubes(Gelu(x))));  // [B, g, g, g, mask channels]
  return encoder.mask_conv3(Gelu(x)).to(at::kFloat).flatten(1, 3);   // [B, N, C]
}

}  // namespace sgpsam
