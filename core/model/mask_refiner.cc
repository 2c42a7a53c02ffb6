#include "core/model/mask_refiner.h"

#include <ATen/ATen.h>

#include <vector>

#include "core/model/mask_decoder.h"

namespace sgpsam {
namespace {

constexpr double kNearCells = 1, kFarCells = 4;
constexpr double kSquash = 4;  // logits

// weight [out, in] times volume [B, in, s, s, s] -> [B, out, s^3]
at::Tensor MapChannels(const at::Tensor& weight, const at::Tensor& volume) {
  return at::matmul(weight, volume.flatten(2));
}

// offsets [B, T, 3, s], in cells -> exp(-d^2 / 2 width^2)
// of the nearest point that has the label, [B, s, s, s]
at::Tensor Closeness(const at::Tensor& offsets, double width, const at::Tensor& has_label) {
  const at::Tensor along = at::exp(offsets.square() * (-0.5 / (width * width)));
  const at::Tensor i = along.select(2, 0).unsqueeze(-1).unsqueeze(-1),
                   j = along.select(2, 1).unsqueeze(-2).unsqueeze(-1),
                   k = along.select(2, 2).unsqueeze(-2).unsqueeze(-2);
  return (i * has_label.view({has_label.size(0), has_label.size(1), 1, 1, 1}) * j * k).amax(1);
}

// [B, 6, s, s, s]
at::Tensor DrawMaps(const at::Tensor& logits, const Points& points, const at::Tensor& previous) {
  const int64_t side = logits.size(2);
  const at::Tensor cells = at::arange(side, logits.options()) + 0.5;
  const at::Tensor offsets = points.coordinates.unsqueeze(-1) * side - cells;  // [B, T, 3, s]
  std::vector<at::Tensor> maps;
  for (const PointLabel label : {kPositive, kNegative}) {
    const at::Tensor has_label = points.labels.eq(label).to(at::kFloat);
    for (const double width : {kNearCells, kFarCells}) {
      maps.push_back(Closeness(offsets, width, has_label));
    }
  }
  const at::Tensor own = logits.select(1, 0);
  maps.push_back(previous.defined() ? at::tanh(previous / kSquash) : at::zeros_like(own));
  maps.push_back(at::tanh(own / kSquash));
  return at::stack(maps, 1);
}

}  // namespace

MaskRefiner LoadMaskRefiner(const TensorMap& tensors, const TensorMap& mixes, const ModelConfig& config) {
  const std::string name = "mask_refiner.";
  const auto value = [&](const char* part) { return tensors.Value(tensors.Get(name + part)); };
  MaskRefiner refiner;
  refiner.maps_weight = value("maps.weight");
  refiner.maps_bias = value("maps.bias");
  refiner.upscaled = value("upscaled.weight");
  if (config.sizes().detail_channels > 0) refiner.detail = value("detail.weight");
  refiner.mixes = mixes.GetMixes(name + "mix");
  refiner.out_weight = value("out.weight");
  refiner.out_bias = value("out.bias");
  return refiner;
}

at::Tensor RefineMask(const MaskRefiner& refiner, const at::Tensor& logits, const at::Tensor& upscaled,
                      const at::Tensor& detail, const Points& points, const at::Tensor& previous) {
  const int64_t side = logits.size(2);
  at::Tensor x =
      MapChannels(refiner.maps_weight, DrawMaps(logits, points, previous)) + refiner.maps_bias.unsqueeze(-1);
  if (refiner.detail.defined()) x = x + MapChannels(refiner.detail, at::gelu(detail));
  x = x.unflatten(2, {side, side, side}) + ToVolumes(at::matmul(upscaled, refiner.upscaled.t()), side / 4);
  x = MixCells(x, refiner.mixes);
  const at::Tensor correction = MapChannels(refiner.out_weight, at::gelu(x)) + refiner.out_bias;
  return logits + correction.view(logits.sizes());
}

}  // namespace sgpsam
