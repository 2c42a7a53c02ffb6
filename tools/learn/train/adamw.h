// AdamW (Loshchilov and Hutter, 2019) over the trained parameters, by LibTorch's fused kernel, with its state
// under the parameters' names so that it can be stored. One owner, one thread.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_ADAMW_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_ADAMW_H_

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "tools/learn/train/parameters.h"

namespace sgpsam {

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  double weight_decay =
      0.01;  // of matrices and kernels; biases, norms and embeddings of one row are left alone
  double max_gradient_norm = 1;  // over all parameters together; longer gradients are shortened to it
};

class AdamW {
 public:
  // `parameters` outlives this.
  AdamW(Parameters& parameters, const AdamWOptions& options);

  struct Moments {
    at::Tensor mean, variance;  // of the gradient, as the parameter's shape
  };
  std::map<std::string, Moments>& moments() { return moments_; }  // of every trained parameter
  int64_t steps() const { return steps_; }                        // taken, or tried
  void set_steps(int64_t steps) { steps_ = steps; }

  // One step along the gathered gradients, which are then forgotten. Returns their norm before it was cut; a
  // norm that is not finite changes nothing.
  double Step(double learning_rate);
  // Forgets the gathered gradients without a step.
  void Forget();

 private:
  Parameters& parameters_;
  const AdamWOptions options_;
  std::map<std::string, Moments> moments_;
  int64_t steps_ = 0;
};

// Linear from 0 over the first `warm_up` steps, then half a cosine down to `floor` times `peak`. `step`
// counts from 0 to total - 1.
double LearningRate(int64_t step, int64_t total, int64_t warm_up, double peak, double floor = 0.01);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_ADAMW_H_
