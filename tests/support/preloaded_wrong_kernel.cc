// wrong_kernel.h for a program that knows nothing of it: preloaded into sgpsam-worker, so that the self-test
// of the real program is tested (tests/e2e/self_test_test.py). Bfloat16 convolutions come out wrong.
#include "tests/support/wrong_kernel.h"

TORCH_LIBRARY_IMPL(aten, CPU, library) {
  library.impl("convolution", TORCH_FN(sgpsam::WrongKernel::Bfloat16Convolution));
}
