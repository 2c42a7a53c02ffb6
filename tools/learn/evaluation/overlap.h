// How much of two masks is the same. Pure functions; thread-safe.
#ifndef SGPSAM_TOOLS_LEARN_EVALUATION_OVERLAP_H_
#define SGPSAM_TOOLS_LEARN_EVALUATION_OVERLAP_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/volume/mask.h"

namespace sgpsam {

// INVALID_ARGUMENT unless both have the same shape.
absl::Status CheckSameShape(const Mask& a, const Mask& b);

// 2 |a and b| / (|a| + |b|), 0 to 1; 1 if both are empty. INVALID_ARGUMENT unless both have the same shape.
absl::StatusOr<double> Dice(const Mask& a, const Mask& b);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_EVALUATION_OVERLAP_H_
