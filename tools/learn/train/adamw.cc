#include "tools/learn/train/adamw.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>
#include <vector>

namespace sgpsam {
namespace {

// More than one row: what weight decay is for.
bool Decays(const at::Tensor& parameter) {
  return parameter.dim() > 1 && parameter.numel() > parameter.size(-1);
}

struct Group {
  std::vector<at::Tensor> parameters, gradients, means, variances, steps;
};

void StepGroup(Group& group, double learning_rate, double weight_decay, const AdamWOptions& options) {
  if (group.parameters.empty()) return;
  at::_fused_adamw_(group.parameters, group.gradients, group.means, group.variances, /*max_exp_avg_sqs=*/{},
                    group.steps, learning_rate, options.beta1, options.beta2, weight_decay, options.eps,
                    /*amsgrad=*/false, /*maximize=*/false);
}

// In one order, whatever the number of threads, as LibTorch's sum is not.
double SumOfSquares(const at::Tensor& gradient) {
  const at::Tensor values = gradient.contiguous();
  const float* const begin = values.const_data_ptr<float>();
  return std::inner_product(begin, begin + values.numel(), begin, 0.0, std::plus<>(),
                            [](double a, double b) { return a * b; });
}

}  // namespace

AdamW::AdamW(Parameters& parameters, const AdamWOptions& options)
    : parameters_(parameters), options_(options) {
  for (const std::string& name : parameters.trained()) {
    const at::Tensor value = parameters.at(name).detach();
    moments_[name] = {at::zeros_like(value), at::zeros_like(value)};
  }
}

double AdamW::Step(double learning_rate) {
  const c10::NoGradGuard no_grad;
  double squares = 0;
  for (const std::string& name : parameters_.trained()) {
    const at::Tensor& gradient = parameters_.at(name).grad();
    if (gradient.defined()) squares += SumOfSquares(gradient);
  }
  const double norm = std::sqrt(squares);
  ++steps_;
  if (std::isfinite(norm)) {
    const double factor = std::min(1.0, options_.max_gradient_norm / std::max(norm, 1e-12));
    Group decayed, plain;
    for (const std::string& name : parameters_.trained()) {
      at::Tensor& parameter = parameters_.at(name);
      if (!parameter.grad().defined()) continue;
      Group& group = Decays(parameter) ? decayed : plain;
      Moments& moments = moments_.at(name);
      group.parameters.push_back(parameter.detach());
      group.gradients.push_back(parameter.grad() * factor);
      group.means.push_back(moments.mean);
      group.variances.push_back(moments.variance);
      group.steps.push_back(at::scalar_tensor(static_cast<double>(steps_)));
    }
    StepGroup(decayed, learning_rate, options_.weight_decay, options_);
    StepGroup(plain, learning_rate, 0, options_);
  }
  Forget();
  return norm;
}

void AdamW::Forget() {
  for (const std::string& name : parameters_.trained()) parameters_.at(name).mutable_grad().reset();
}

double LearningRate(int64_t step, int64_t total, int64_t warm_up, double peak, double floor) {
  if (step < warm_up) return peak * static_cast<double>(step + 1) / static_cast<double>(warm_up);
  const double done =
      static_cast<double>(step - warm_up) / static_cast<double>(std::max<int64_t>(1, total - warm_up));
  return peak * (floor + (1 - floor) * 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, done))));
}

}  // namespace sgpsam
