#include "core/model/sgp_module.h"

#include <ATen/ATen.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

constexpr int kKernels[] = {1, 3, 5};

at::Tensor ConvolveDepthwise(const Conv& conv, const at::Tensor& volume) {
  return at::conv3d(volume, conv.weight, conv.bias, /*stride=*/1, /*padding=*/conv.weight.size(2) / 2,
                    /*dilation=*/1, /*groups=*/conv.weight.size(0));
}

// What c becomes: patches [B, channels, p, p, p], t [B, N, r] and c [B, d, 4g, 4g, 4g] -> as c, matmul type
at::Tensor ReadDetail(const SgpModule& module, const at::Tensor& patches, const at::Tensor& tokens,
                      const at::Tensor& before) {
  const int64_t batch = tokens.size(0), grid = module.grid;
  const at::Tensor known = module.detail_spread(tokens).transpose(1, 2);  // [B, d, N]
  const at::Tensor seen = ConvolveTiles(module.detail_cells, patches, 4 * grid);
  at::Tensor cells = before.to(known.scalar_type()) + seen;
  cells = (cells.view({batch, -1, grid, 4, grid, 4, grid, 4}) +
           known.view({batch, -1, grid, 1, grid, 1, grid, 1}))
              .view(cells.sizes());
  return MixCells(std::move(cells), module.detail_mixes);
}

Conv LoadDepthwise(const TensorMap& tensors, const std::string& name) {
  const at::Tensor weight = tensors.Value(tensors.Get(name + ".weight"));
  return {weight.contiguous(at::MemoryFormat::ChannelsLast3d), tensors.Value(tensors.Get(name + ".bias"))};
}

at::Tensor OfPatch(const at::Tensor& tensor, int64_t b) {
  return tensor.defined() ? tensor.narrow(0, b, 1) : tensor;
}

// Adds what the fusion of patch `b` gives if its gate is open.
void AddIfOpen(const SgpModule& module, const at::Tensor& normed, const at::Tensor& patches, const Gate& gate,
               int64_t b, Features& features) {
  if (gate.score[b].item<float>() <= module.threshold) return;
  const at::Tensor detail = OfPatch(features.detail, b);
  const Features added =
      FuseScales(module, OfPatch(normed, b), OfPatch(patches, b), detail, OfPatch(gate.channels, b));
  OfPatch(features.tokens, b).add_(added.tokens);
  if (detail.defined()) detail.add_(added.detail);
}

// 0 or 1 for each patch, [B]; backwards, the score's own gradient passes as if nothing had been rounded
// (the straight-through estimator). A threshold that no score can miss leaves nothing to decide.
at::Tensor OpenWithGradients(const SgpModule& module, const at::Tensor& score) {
  const at::Tensor open = score.detach().gt(module.threshold).to(at::kFloat);
  return module.threshold > 0 ? open + (score - score.detach()) : open;  // exactly 0 or 1
}

// features + added where `open` [B] is 1.
Features AddOpen(const Features& features, const Features& added, const at::Tensor& open) {
  Features sum = {features.tokens + added.tokens * open.view({-1, 1, 1}), {}};
  if (added.detail.defined()) sum.detail = features.detail + added.detail * open.view({-1, 1, 1, 1, 1});
  return sum;
}

}  // namespace

SgpModule LoadSgpModule(const TensorMap& tensors, int block, const ModelConfig& config) {
  const std::string name = absl::StrCat("sgpm.", block);
  SgpModule module;
  module.grid = config.grid();
  module.threshold = config.sgpm.threshold;
  module.norm = tensors.GetNorm(name + ".norm", kEncoderNormEps);
  module.gate_lin1 = tensors.GetLinear(name + ".gate.lin1");
  module.gate_lin2 = tensors.GetLinear(name + ".gate.lin2");
  module.down = tensors.GetLinear(name + ".down");
  for (size_t i = 0; i < module.convs.size(); ++i) {
    module.convs[i] = LoadDepthwise(tensors, absl::StrCat(name, ".conv", kKernels[i]));
  }
  if (config.sgpm.detail_channels > 0) {
    module.detail_cells = tensors.GetLinear(name + ".detail.cells");
    module.detail_spread = tensors.GetLinear(name + ".detail.spread");
    module.detail_mixes = tensors.GetMixes(name + ".detail.mix");
    module.detail_fold = tensors.GetLinear(name + ".detail.fold");
  }
  module.fuse = tensors.GetLinear(name + ".fuse");
  if (config.sgpm.spatial_gate) module.spatial = tensors.GetLinear(name + ".spatial");
  module.up = tensors.GetLinear(name + ".up");
  return module;
}

Gate ComputeGate(const SgpModule& module, const at::Tensor& normed) {
  const at::Tensor pooled = at::cat({normed.mean(1), normed.amax(1)}, 1);  // [B, 2C]
  Gate gate;
  gate.channels = at::sigmoid(module.gate_lin2(Gelu(module.gate_lin1(pooled))).to(at::kFloat));  // [B, r]
  gate.score = gate.channels.mean(1);
  return gate;
}

Features FuseScales(const SgpModule& module, const at::Tensor& normed, const at::Tensor& patches,
                    const at::Tensor& detail, const at::Tensor& gate_channels) {
  const int64_t grid = module.grid;
  Features added;
  const at::Tensor narrow = module.down(normed);  // [B, N, r]
  // [B, r, g, g, g], channels last in memory
  at::Tensor volume = narrow.to(at::kFloat).transpose(1, 2).unflatten(2, {grid, grid, grid});
  if (detail.defined()) {
    const at::Tensor cells = ReadDetail(module, patches, narrow, detail);
    volume = volume + ConvolveTiles(module.detail_fold, at::gelu(cells), grid);
    added.detail = cells.to(at::kFloat) - detail;
  }
  std::vector<at::Tensor> scales;
  for (const auto& conv : module.convs) scales.push_back(ConvolveDepthwise(conv, volume));
  const at::Tensor stacked = Gelu(at::cat(scales, 1)).flatten(2);  // [B, 3r, N]
  const at::Tensor fused = module.fuse(stacked.transpose(1, 2));   // [B, N, r]
  at::Tensor gated = fused * gate_channels.unsqueeze(1);
  if (module.spatial.weight.defined()) gated = gated * at::sigmoid(module.spatial(fused).to(at::kFloat));
  added.tokens = module.up(gated);  // [B, N, C]
  return added;
}

at::Tensor ApplySgpModule(const SgpModule& module, const at::Tensor& patches, Features& features) {
  const at::Tensor normed = module.norm(features.tokens);
  const Gate gate = ComputeGate(module, normed);
  const bool learns = WantsGradients({normed, module.up.weight});
  if (!learns && normed.device().is_cpu()) {
    for (int64_t b = 0; b < normed.size(0); ++b) AddIfOpen(module, normed, patches, gate, b, features);
    return gate.score;
  }
  const Features added = FuseScales(module, normed, patches, features.detail, gate.channels);
  const at::Tensor open =
      learns ? OpenWithGradients(module, gate.score) : gate.score.gt(module.threshold).to(at::kFloat);
  features = AddOpen(features, added, open);
  return gate.score;
}

}  // namespace sgpsam
