// How many patches (or decodes) run together on a device, for whoever sizes a batch or the memory for one.
#ifndef SGPSAM_CORE_ENGINE_MAX_BATCH_H_
#define SGPSAM_CORE_ENGINE_MAX_BATCH_H_

#include "absl/strings/string_view.h"

namespace sgpsam {

// What was asked for, or, for 0, what suits the device ("cpu", "cuda:0"). A processor computes one patch
// after the other: a batch of several would be no faster, and its first answer would wait for the last.
inline int MaxBatch(int asked, absl::string_view device) {
  constexpr int kOnProcessor = 1, kOnDevice = 4;
  if (asked > 0) return asked;
  return device == "cpu" ? kOnProcessor : kOnDevice;
}

}  // namespace sgpsam

#endif  // SGPSAM_CORE_ENGINE_MAX_BATCH_H_
