// Normally distributed tensors by the project's own random numbers, the same on every machine.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_NORMAL_NOISE_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_NORMAL_NOISE_H_

#include <ATen/core/Tensor.h>

#include "core/base/random.h"

namespace sgpsam {

// Of a tensor's sizes, float32: mean 0, standard deviation 1, drawn in the order of its memory.
at::Tensor NormalNoise(const at::Tensor& like, Random& random);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_NORMAL_NOISE_H_
