#include "tools/learn/train/prior.h"

#include <ATen/ATen.h>

#include "tools/learn/train/normal_noise.h"

namespace sgpsam {
namespace {

constexpr int64_t kCoarsest = 4;  // cells that are drawn as one
constexpr double kLeastLevel = 0.25, kMostLevel = 0.7, kLeastSlope = 4, kMostSlope = 14, kNoise = 0.7;

double Between(double low, double high, Random& random) { return low + (high - low) * random.Uniform(); }

// share [n, n, n] of each cell -> the same as blocks of `coarser`^3 cells would show it.
at::Tensor Coarsen(const at::Tensor& share, int64_t coarser) {
  if (coarser == 1) return share;
  const int64_t side = share.size(0);
  const at::Tensor blocks =
      at::avg_pool3d(share.unsqueeze(0).unsqueeze(0), {coarser, coarser, coarser}, /*stride=*/{},
                     /*padding=*/0, /*ceil_mode=*/true);
  return at::upsample_trilinear3d(blocks, {side, side, side}, /*align_corners=*/false).squeeze(0).squeeze(0);
}

// Zero beyond a plane across a random axis.
void Hide(at::Tensor& logits, Random& random) {
  const auto axis = static_cast<int64_t>(random.Below(3));
  const int64_t side = logits.size(axis);
  const auto hidden = side / 4 + static_cast<int64_t>(random.Below(static_cast<uint64_t>(side / 2)));
  const int64_t begin = random.Below(2) == 0 ? 0 : side - hidden;
  logits.narrow(axis, begin, hidden).zero_();
}

}  // namespace

at::Tensor MakePrior(const at::Tensor& truth, int64_t cells, Random& random) {
  const int64_t voxels = truth.size(0) / cells;
  const at::Tensor share =
      at::avg_pool3d(truth.unsqueeze(0).unsqueeze(0), {voxels, voxels, voxels}).squeeze(0).squeeze(0);
  const auto coarser = 1 + static_cast<int64_t>(random.Below(kCoarsest));
  const double level = Between(kLeastLevel, kMostLevel, random),
               slope = Between(kLeastSlope, kMostSlope, random);
  at::Tensor logits = (Coarsen(share, coarser) - level) * slope;
  const at::Tensor noise =
      NormalNoise(logits, random);  // before its strength: their order is what a seed means
  logits = logits + noise * (kNoise * random.Uniform());
  if (random.Below(2) == 0) Hide(logits, random);
  return logits.gt(0).any().item<bool>() ? logits : at::Tensor();
}

}  // namespace sgpsam
