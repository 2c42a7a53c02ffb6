// A loop on several cores. LibTorch's own parallel_for is not one here: it is compiled into its caller, and
// without OpenMP's compiler flag it runs every turn in the calling thread.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_ON_CORES_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_ON_CORES_H_

#include <cstdint>

#include "absl/functional/function_ref.h"

namespace sgpsam {

// Calls turn(0) to turn(count - 1), each once, from as many threads as LibTorch may use in the calling one
// (at::get_num_threads), each of which lets LibTorch use one. Back when all are done. What a turn throws
// leaves here, the first of them; turns that nobody has begun by then are left out.
void OnCores(int64_t count, absl::FunctionRef<void(int64_t turn)> turn);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_ON_CORES_H_
