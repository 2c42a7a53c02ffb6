#include "core/model/packed_weight.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include <exception>
#include <optional>
#include <string>

namespace sgpsam {
namespace {

using Operator = std::optional<c10::OperatorHandle>;

Operator Find(const char* name) { return c10::Dispatcher::singleton().findSchema({name, ""}); }

const Operator& Reorder() {
  static const Operator found = Find("mkldnn::_reorder_linear_weight");
  return found;
}

const Operator& Multiply() {
  static const Operator found = Find("mkldnn::_linear_pointwise");
  return found;
}

at::Tensor Call(const c10::OperatorHandle& called, torch::jit::Stack stack) {
  called.callBoxed(stack);
  return stack.at(0).toTensor();
}

// LibTorch refuses it on processors that have no instructions for it. Only trying tells.
bool MultipliesBfloat16() {
  static const bool does = [] {
    const at::Tensor some = at::ones({16, 16}, at::kBFloat16);
    try {
      MultiplyPacked(some, Call(*Reorder(), {some, 16}), {});
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }();
  return does;
}

}  // namespace

at::Tensor PackWeight(const at::Tensor& weight, int64_t rows) {
  if (!weight.device().is_cpu() || !Reorder() || !Multiply()) return weight;
  if (weight.scalar_type() != at::kFloat && !MultipliesBfloat16()) return weight;
  return Call(*Reorder(), {weight, rows});
}

bool IsPacked(const at::Tensor& weight) { return weight.is_mkldnn(); }

at::Tensor MultiplyPacked(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const c10::IValue its_bias = bias.defined() ? c10::IValue(bias) : c10::IValue();
  // Nothing after it: no activation, no arguments of one, no variant.
  return Call(*Multiply(), {x, weight, its_bias, std::string("none"), c10::List<std::optional<at::Scalar>>(),
                            c10::IValue()});
}

}  // namespace sgpsam
