#include "tests/support/operator_check.h"

#include <ATen/ATen.h>
#include <ATen/Version.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/cpu/Utils.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <memory>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

using c10::IValue;

// A kernel depends on types and shapes, and a model has a dozen blocks of the same ones.
constexpr int kMostOfAKind = 2;

thread_local OperatorCheck* watching = nullptr;

// The same numbers in float32, in memory of their own.
at::Tensor Plain(const at::Tensor& tensor) {
  if (!tensor.defined()) return tensor;
  const at::Tensor dense = tensor.is_mkldnn() ? tensor.to_dense() : tensor.detach();
  return dense.to(dense.is_floating_point() ? at::kFloat : dense.scalar_type(), false, /*copy=*/true);
}

IValue Plain(const IValue& value) {
  if (value.isTensor()) return Plain(value.toTensor());
  if (!value.isTensorList()) return value;
  c10::List<at::Tensor> plain;
  for (const at::Tensor& tensor : value.toTensorVector()) plain.push_back(Plain(tensor));
  return plain;
}

std::string Describe(const at::Tensor& tensor) {
  std::ostringstream text;
  if (tensor.defined()) text << ' ' << tensor.scalar_type() << tensor.sizes();
  return text.str();
}

std::string Describe(const std::string& name, c10::ArrayRef<IValue> inputs) {
  std::string text = name;
  for (const IValue& input : inputs) {
    if (input.isTensor()) absl::StrAppend(&text, Describe(input.toTensor()));
    if (!input.isTensorList()) continue;
    for (const at::Tensor& tensor : input.toTensorVector()) absl::StrAppend(&text, Describe(tensor));
  }
  return text;
}

bool IsView(const c10::FunctionSchema& schema) {
  return std::any_of(schema.returns().begin(), schema.returns().end(), [](const c10::Argument& result) {
    return result.alias_info() != nullptr && !result.alias_info()->isWrite();
  });
}

// Of memory whose contents mean nothing, and the packing of weights, whose products are compared.
bool ComputesNothing(const c10::FunctionSchema& schema) {
  return IsView(schema) || absl::StartsWith(schema.name(), "aten::empty") ||
         absl::StartsWith(schema.name(), "aten::new_empty") ||
         schema.name() == "mkldnn::_reorder_linear_weight";
}

std::vector<at::Tensor> Tensors(const std::vector<IValue>& values) {
  std::vector<at::Tensor> tensors;
  for (const IValue& value : values) {
    if (value.isTensor()) tensors.push_back(value.toTensor());
    if (!value.isTensorList()) continue;
    for (const at::Tensor& tensor : value.toTensorVector()) tensors.push_back(tensor);
  }
  return tensors;
}

double RelativeError(const at::Tensor& rough, const at::Tensor& exact) {
  constexpr double kWrong = std::numeric_limits<double>::infinity();
  if (rough.sizes() != exact.sizes()) return kWrong;
  if (!exact.is_floating_point()) return at::equal(rough, exact) ? 0 : kWrong;
  const at::Tensor finite = exact.isfinite();
  if (!at::equal(rough.isfinite(), finite)) return kWrong;
  const at::Tensor a = at::where(finite, rough.to(at::kDouble), 0),
                   b = at::where(finite, exact.to(at::kDouble), 0);
  const double error = (a - b).norm().item<double>(), size = b.norm().item<double>();
  return error == 0 ? 0 : size == 0 ? kWrong : error / size;
}

// LibTorch's own loops instead of oneDNN and of fused attention, and nobody watches.
class Plainly {
 public:
  Plainly() {
    at::globalContext().setUserEnabledMkldnn(false);
    at::globalContext().setSDPUseFlash(false);
  }
  ~Plainly() {
    at::globalContext().setUserEnabledMkldnn(true);
    at::globalContext().setSDPUseFlash(true);
  }

 private:
  const at::DisableRecordFunctionGuard unwatched_;
  const at::NoGradGuard no_gradients_;
};

}  // namespace

struct OperatorCheck::Call : at::ObserverContext {
  bool transparent = false;  // the operators that it is made of are watched
  std::string what;
  std::optional<c10::OperatorHandle> op;  // none: not to be compared
  std::vector<IValue> inputs;
};

OperatorCheck::OperatorCheck() {
  watching = this;
  handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback(Begin, End)
                                           .needsInputs(true)
                                           .needsOutputs(true)
                                           .scopes({at::RecordScope::FUNCTION}));
}

OperatorCheck::~OperatorCheck() {
  at::removeCallback(handle_);
  watching = nullptr;
}

bool OperatorCheck::Met(const std::string& operator_name) const {
  return std::any_of(errors_.begin(), errors_.end(),
                     [&](const auto& entry) { return absl::StartsWith(entry.first, operator_name + " "); });
}

std::unique_ptr<at::ObserverContext> OperatorCheck::Begin(const at::RecordFunction& function) {
  auto call = std::make_unique<Call>();
  // Autograd announces its steps, too.
  call->transparent = !function.operator_name() || function.name() == std::string("aten::_backward");
  if (call->transparent || watching->depth_++ > 0) return call;
  const Plainly plainly;
  const auto op = c10::Dispatcher::singleton().findSchema(*function.operator_name());
  if (!op || ComputesNothing(op->schema())) return call;
  call->what = Describe(function.name(), function.inputs());
  if (++watching->counts_[call->what] > kMostOfAKind) return call;
  call->op = op;
  for (size_t n = 0; n < function.inputs().size(); ++n) call->inputs.push_back(Plain(function.inputs()[n]));
  return call;
}

void OperatorCheck::End(const at::RecordFunction& function, at::ObserverContext* context) {
  const Call& call = *static_cast<const Call*>(context);
  if (!call.transparent) --watching->depth_;
  if (!call.op) return;
  const Plainly plainly;
  watching->Compare(call, function.outputs());
}

void OperatorCheck::Compare(const Call& call, const std::vector<IValue>& outputs) {
  torch::jit::Stack stack = call.inputs;
  if (call.op->schema().name() == "mkldnn::_linear_pointwise") {
    const at::Tensor bias = stack[2].isTensor() ? stack[2].toTensor() : at::Tensor();
    stack = {at::linear(stack[0].toTensor(), stack[1].toTensor(), bias)};
  } else {
    call.op->callBoxed(stack);
  }
  const std::vector<at::Tensor> rough = Tensors(outputs), exact = Tensors(stack);
  double& worst = errors_[call.what];
  if (rough.size() != exact.size()) worst = std::numeric_limits<double>::infinity();
  for (size_t n = 0; n < std::min(rough.size(), exact.size()); ++n) {
    if (!rough[n].defined()) continue;
    const at::Tensor dense = rough[n].is_mkldnn() ? rough[n].to_dense() : rough[n].detach();
    worst = std::max(worst, RelativeError(dense, exact[n]));
  }
}

std::string InstructionSets() {
  std::set<std::string> found;
  for (const auto& [name, value] : at::cpu::get_cpu_capabilities()) {
    if (value.isBool() && value.toBool()) found.insert(name);
  }
  std::string text = absl::StrCat(at::get_cpu_capability(), ",");
  for (const std::string& name : found) absl::StrAppend(&text, " ", name);
  for (const char* variable : {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"}) {
    if (const char* limit = std::getenv(variable)) absl::StrAppend(&text, ", ", variable, "=", limit);
  }
  return text;
}

}  // namespace sgpsam
