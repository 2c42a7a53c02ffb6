// Random changes of an example that leave its truths true: axes mirrored and exchanged, a turn and a stretch,
// another brightness and contrast, blur, thick slices, noise.
// The same random numbers give the same change. One thread at a time.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_AUGMENT_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_AUGMENT_H_

#include "core/base/random.h"
#include "tools/learn/train/example.h"

namespace sgpsam {

struct AugmentOptions {
  bool flip = true;       // each axis with probability 1/2
  bool exchange = false;  // the three axes in any order
  double turn = 0;     // how likely it is turned, by up to 25 degrees about each axis, and stretched by up to
                       // a fifth along each
  double gain = 0.15;  // of the scaled values: a factor within 1 +- this
  double offset = 0.15;     // an addend within +- this
  double gamma = 0;         // of values in [-1, 1] alone: an exponent within e^(+- this)
  double blur = 0;          // how likely it is blurred
  double thick_slices = 0;  // how likely 2 to 4 neighbours along one axis become one
  double noise = 0.1;       // largest standard deviation of added Gaussian noise
  double limit = 0;         // values are cut off at +- this; 0: they are not
};

// The example's tensors may become other ones; those that it held are not written to. A turn that would move
// too much of a truth, or its click, out of the patch is left out.
void Augment(const AugmentOptions& options, Random& random, Example& example);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_AUGMENT_H_
