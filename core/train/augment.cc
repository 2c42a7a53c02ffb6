#include "core/train/augment.h"

#include <ATen/ATen.h>

namespace sgpsam {
namespace {

double Within(double range, Random& random) { return range * (2 * random.Uniform() - 1); }

void Flip(Random& random, at::Tensor& patch, at::Tensor& truth, Click& click) {
  std::vector<int64_t> axes;
  float* const coordinates[] = {&click.i, &click.j, &click.k};
  for (int64_t axis = 0; axis < 3; ++axis) {
    if (random.Below(2) == 0) continue;
    axes.push_back(axis);
    *coordinates[axis] = static_cast<float>(patch.size(axis) - 1) - *coordinates[axis];
  }
  if (axes.empty()) return;
  patch = patch.flip(axes);
  truth = truth.flip(axes);
}

at::Tensor Noise(const at::Tensor& like, Random& random) {
  at::Tensor noise = at::empty(like.sizes(), at::kFloat);
  float* out = noise.mutable_data_ptr<float>();
  for (int64_t n = 0; n < noise.numel(); ++n) out[n] = static_cast<float>(random.Normal());
  return noise;
}

}  // namespace

void Augment(const AugmentOptions& options, Random& random, at::Tensor& patch, at::Tensor& truth,
             Click& click) {
  if (options.flip) Flip(random, patch, truth, click);
  // One draw a statement: within an expression their order would be the compiler's choice.
  const double offset = Within(options.offset, random);
  const double gain = 1 + Within(options.gain, random);
  patch = patch * gain + offset;
  if (options.noise <= 0) return;
  const double strength = options.noise * random.Uniform();
  patch = patch + Noise(patch, random) * strength;
}

}  // namespace sgpsam
