// Random changes of an example that leave its truths true: mirrored axes, another brightness and
// contrast, noise. The same random numbers give the same change. One thread at a time.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_AUGMENT_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_AUGMENT_H_

#include "core/base/random.h"
#include "tools/learn/train/example.h"

namespace sgpsam {

struct AugmentOptions {
  bool flip = true;      // each axis with probability 1/2
  double gain = 0.15;    // of the normalised values: a factor within 1 +- this
  double offset = 0.15;  // an addend within +- this, in standard deviations
  double noise = 0.1;    // largest standard deviation of added Gaussian noise
};

// The example's tensors may become other ones; those that it held are not written to.
void Augment(const AugmentOptions& options, Random& random, Example& example);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_AUGMENT_H_
