// Watches every operator that LibTorch runs on this thread and computes each anew in float32, from the same
// inputs, without oneDNN and without packed weights: what is chosen for this processor, against what is
// written down plainly. So a test of a model's operators has no list of them that could fall
// behind the model. One at a time. Needs LibTorch.
#ifndef SGPSAM_TESTS_SUPPORT_OPERATOR_CHECK_H_
#define SGPSAM_TESTS_SUPPORT_OPERATOR_CHECK_H_

#include <ATen/record_function.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sgpsam {

class OperatorCheck {
 public:
  // Watches from now on.
  OperatorCheck();
  ~OperatorCheck();
  OperatorCheck(const OperatorCheck&) = delete;
  OperatorCheck& operator=(const OperatorCheck&) = delete;

  // By operator with its inputs' types and shapes ("aten::conv3d BFloat16[1, 16, 24, 24, 24] …"), the largest
  // relative error (L2) of any of its outputs in its first two calls. Infinite where only one is finite, or
  // where whole numbers differ at all. Views and allocations compute nothing and are left out.
  const std::map<std::string, double>& errors() const { return errors_; }
  bool Met(const std::string& operator_name) const;

 private:
  struct Call;
  static std::unique_ptr<at::ObserverContext> Begin(const at::RecordFunction& function);
  static void End(const at::RecordFunction& function, at::ObserverContext* context);
  void Compare(const Call& call, const std::vector<c10::IValue>& outputs);

  std::map<std::string, double> errors_;
  std::map<std::string, int> counts_;  // of calls, compared or not
  at::CallbackHandle handle_;
  int depth_ = 0;  // operators are made of operators: the outermost are watched
};

// What this processor offers and LibTorch may use, for a test's record: "AVX512, avx512_bf16 amx_bf16 …", and
// what an environment variable forbids oneDNN.
std::string InstructionSets();

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_OPERATOR_CHECK_H_
