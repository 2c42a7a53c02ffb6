// The matrix products of one encode and nothing else: the time below which no implementation with the same
// products and the same library can come. For benchmarks.
#ifndef SGPSAM_TESTS_ORACLE_BARE_GEMMS_H_
#define SGPSAM_TESTS_ORACLE_BARE_GEMMS_H_

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/model_file/model_config.h"

namespace sgpsam {

// `count` products of [batch, m, k] and [batch, k, n].
struct GemmShape {
  const char* what;
  int64_t batch, m, k, n;
  int64_t count;

  double gflop() const { return 2e-9 * static_cast<double>(batch * m * k * n * count); }
};

// Those of one patch in float32 on the processor, with every gate open; convolutions count as the product
// that they are.
std::vector<GemmShape> EncodeGemmShapes(const ModelConfig& config);
double TotalGflop(const std::vector<GemmShape>& shapes);

// Operands for all shapes, made once; Run multiplies them all on as many threads as LibTorch uses.
class BareGemms {
 public:
  explicit BareGemms(std::vector<GemmShape> shapes);
  void Run();

 private:
  struct Operands {
    at::Tensor left, right, out;
    int64_t count;
  };
  std::vector<Operands> operands_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_ORACLE_BARE_GEMMS_H_
