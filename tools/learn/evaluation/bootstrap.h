// How far a mean can be trusted: the percentile bootstrap over cases (Efron, Tibshirani: An Introduction to
// the Bootstrap, 1993, chapter 13). Cases are drawn anew, not lesions: the lesions of one volume resemble one
// another, and intervals that take them for independent are too narrow. Pure functions; thread-safe.
#ifndef SGPSAM_TOOLS_LEARN_EVALUATION_BOOTSTRAP_H_
#define SGPSAM_TOOLS_LEARN_EVALUATION_BOOTSTRAP_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"

namespace sgpsam {

struct BootstrapOptions {
  double confidence = 0.95;  // between 0 and 1
  int resamples = 2000;      // at least 1
  uint64_t seed = 1;
};

struct MeanInterval {
  double mean = 0;  // over all lesions
  double low = 0, high = 0;
};

// Of the lesions' values, grouped by case; cases without a lesion count nothing. nullopt without any lesion.
// Of a single case the interval is its mean, which says nothing. Between two resamples the percentiles are
// interpolated linearly.
std::optional<MeanInterval> BootstrapMean(absl::Span<const std::vector<double>> cases,
                                          const BootstrapOptions& options = {});

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_EVALUATION_BOOTSTRAP_H_
