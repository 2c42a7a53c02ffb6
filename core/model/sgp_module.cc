#include "core/model/sgp_module.h"

#include <ATen/ATen.h>

#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

constexpr int kKernels[] = {1, 3, 5};
constexpr int kDistances[] = {1, 2, 4};

at::Tensor ConvolveDepthwise(const SgpModule::Conv& conv, const at::Tensor& volume) {
  return at::conv3d(volume, conv.weight, conv.bias, /*stride=*/1, /*padding=*/conv.weight.size(2) / 2,
                    /*dilation=*/1, /*groups=*/conv.weight.size(0));
}

// Neither overlap nor gap: the stride is the kernel.
at::Tensor ConvolveTiles(const SgpModule::Conv& conv, const at::Tensor& volume) {
  return at::conv3d(volume, conv.weight, conv.bias, /*stride=*/conv.weight.size(2));
}

at::Tensor ConvolveAtDistance(const SgpModule::Conv& conv, const at::Tensor& volume, int64_t cells) {
  return at::conv3d(volume, conv.weight, conv.bias, /*stride=*/1, /*padding=*/cells, /*dilation=*/cells);
}

// D: patches [B, 1, p, p, p] and t [B, N, r] -> [B, r, g, g, g]
at::Tensor ReadDetail(const SgpModule& module, const at::Tensor& patches, const at::Tensor& tokens) {
  const int64_t batch = tokens.size(0), grid = module.grid;
  const at::Tensor known = module.detail_spread(tokens).transpose(1, 2);  // [B, d, N]
  at::Tensor cells = ConvolveTiles(module.detail_cells, patches.to(known.scalar_type()));
  cells = (cells.view({batch, -1, grid, 4, grid, 4, grid, 4}) +
           known.view({batch, -1, grid, 1, grid, 1, grid, 1}))
              .view(cells.sizes());  // [B, d, 4g, 4g, 4g]
  for (size_t n = 0; n < module.detail_mixes.size(); ++n) {
    cells = cells + ConvolveAtDistance(module.detail_mixes[n], at::gelu(cells), kDistances[n]);
  }
  return ConvolveTiles(module.detail_fold, Gelu(cells));
}

SgpModule::Conv LoadConv(const TensorMap& tensors, const std::string& name) {
  return {tensors.Matrix(tensors.Get(name + ".weight")), tensors.Matrix(tensors.Get(name + ".bias"))};
}

// Adds what the fusion of patch `b` gives if its gate is open.
void AddIfOpen(const SgpModule& module, const at::Tensor& normed, const at::Tensor& patches, const Gate& gate,
               int64_t b, at::Tensor& x) {
  if (gate.score[b].item<float>() <= module.threshold) return;
  x.narrow(0, b, 1).add_(
      FuseScales(module, normed.narrow(0, b, 1), patches.narrow(0, b, 1), gate.channels.narrow(0, b, 1)));
}

// 0 or 1 for each patch, [B, 1, 1]; backwards, the score's own gradient passes as if nothing had been rounded
// (the straight-through estimator). A threshold that no score can miss leaves nothing to decide.
at::Tensor OpenWithGradients(const SgpModule& module, const at::Tensor& score) {
  const at::Tensor open = score.detach().gt(module.threshold).to(at::kFloat);
  return (module.threshold > 0 ? open + (score - score.detach()) : open).view({-1, 1, 1});  // exactly 0 or 1
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
    module.convs[i] = LoadConv(tensors, absl::StrCat(name, ".conv", kKernels[i]));
  }
  if (config.sgpm.detail_channels > 0) {
    module.detail_cells = LoadConv(tensors, name + ".detail.cells");
    module.detail_spread = tensors.GetLinear(name + ".detail.spread");
    for (size_t i = 0; i < module.detail_mixes.size(); ++i) {
      module.detail_mixes[i] = LoadConv(tensors, absl::StrCat(name, ".detail.mix", kDistances[i]));
    }
    module.detail_fold = LoadConv(tensors, name + ".detail.fold");
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

at::Tensor FuseScales(const SgpModule& module, const at::Tensor& normed, const at::Tensor& patches,
                      const at::Tensor& gate_channels) {
  const int64_t batch = normed.size(0), grid = module.grid;
  const at::Tensor narrow = module.down(normed);                                // [B, N, r]
  at::Tensor volume = narrow.transpose(1, 2).unflatten(2, {grid, grid, grid});  // [B, r, g, g, g]
  if (module.detail_cells.weight.defined()) volume = volume + ReadDetail(module, patches, narrow);
  std::vector<at::Tensor> scales;
  for (const auto& conv : module.convs) scales.push_back(ConvolveDepthwise(conv, volume));
  const at::Tensor stacked = Gelu(at::cat(scales, 1)).view({batch, -1, grid * grid * grid});  // [B, 3r, N]
  const at::Tensor fused = module.fuse(stacked.transpose(1, 2));                              // [B, N, r]
  at::Tensor gated = fused * gate_channels.unsqueeze(1);
  if (module.spatial.weight.defined()) gated = gated * at::sigmoid(module.spatial(fused).to(at::kFloat));
  return module.up(gated);  // [B, N, C]
}

at::Tensor ApplySgpModule(const SgpModule& module, const at::Tensor& patches, at::Tensor& x) {
  const at::Tensor normed = module.norm(x);
  const Gate gate = ComputeGate(module, normed);
  if (WantsGradients({normed, module.up.weight})) {
    x = x + FuseScales(module, normed, patches, gate.channels) * OpenWithGradients(module, gate.score);
  } else if (x.device().is_cpu()) {
    for (int64_t b = 0; b < x.size(0); ++b) AddIfOpen(module, normed, patches, gate, b, x);
  } else {
    const at::Tensor open = gate.score.gt(module.threshold).view({-1, 1, 1});
    x.add_(FuseScales(module, normed, patches, gate.channels) * open);
  }
  return gate.score;
}

}  // namespace sgpsam
