// Random changes of a training sample that leave its truth true: mirrored axes, another brightness and
// contrast, noise. The same random numbers give the same change. One thread at a time.
#ifndef SGPSAM_CORE_TRAIN_AUGMENT_H_
#define SGPSAM_CORE_TRAIN_AUGMENT_H_

#include <ATen/core/Tensor.h>

#include "core/base/random.h"
#include "core/engine/engine.h"

namespace sgpsam {

struct AugmentOptions {
  bool flip = true;      // each axis with probability 1/2
  double gain = 0.15;    // of the normalised values: a factor within 1 +- this
  double offset = 0.15;  // an addend within +- this, in standard deviations
  double noise = 0.1;    // largest standard deviation of added Gaussian noise
};

// patch and truth [i, j, k]; they may become other tensors.
void Augment(const AugmentOptions& options, Random& random, at::Tensor& patch, at::Tensor& truth,
             Click& click);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRAIN_AUGMENT_H_
