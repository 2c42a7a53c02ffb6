// Masks on a patch's grid <-> tensors [patch, patch, patch] indexed [i, j, k]. Pure functions.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_PATCH_MASK_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_PATCH_MASK_H_

#include <ATen/core/Tensor.h>

#include "core/volume/mask.h"

namespace sgpsam {

// 0 and 1, float32.
at::Tensor ToTensor(const Mask& mask);

// Where `inside` [i, j, k], of type bool, is true.
Mask ToMask(const at::Tensor& inside);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_PATCH_MASK_H_
