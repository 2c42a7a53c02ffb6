#include "tools/learn/train/augment.h"

#include <ATen/ATen.h>

#include <vector>

namespace sgpsam {
namespace {

double Within(double range, Random& random) { return range * (2 * random.Uniform() - 1); }

void Flip(Random& random, Example& example) {
  std::vector<int64_t> axes;
  for (int64_t axis = 0; axis < 3; ++axis) {
    if (random.Below(2) == 1) axes.push_back(axis);
  }
  if (axes.empty()) return;
  const auto last = static_cast<float>(example.patch.size(0) - 1);
  example.patch = example.patch.flip(axes);
  if (example.kinds.defined()) example.kinds = example.kinds.flip(axes);
  for (ExampleTarget& target : example.targets) {
    target.truth = target.truth.flip(axes);
    float* const coordinates[] = {&target.click.i, &target.click.j, &target.click.k};
    for (const int64_t axis : axes) *coordinates[axis] = last - *coordinates[axis];
  }
}

at::Tensor Noise(const at::Tensor& like, Random& random) {
  at::Tensor noise = at::empty(like.sizes(), at::kFloat);
  float* out = noise.mutable_data_ptr<float>();
  for (int64_t n = 0; n < noise.numel(); ++n) out[n] = static_cast<float>(random.Normal());
  return noise;
}

}  // namespace

void Augment(const AugmentOptions& options, Random& random, Example& example) {
  if (options.flip) Flip(random, example);
  // One draw a statement: within an expression their order would be the compiler's choice.
  const double offset = Within(options.offset, random);
  const double gain = 1 + Within(options.gain, random);
  example.patch = example.patch * gain + offset;
  if (options.noise <= 0) return;
  const double strength = options.noise * random.Uniform();
  example.patch = example.patch + Noise(example.patch, random) * strength;
}

}  // namespace sgpsam
