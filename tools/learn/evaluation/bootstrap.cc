#include "tools/learn/evaluation/bootstrap.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "core/base/random.h"

namespace sgpsam {
namespace {

struct Case {
  double sum = 0, lesions = 0;
};

std::vector<Case> SumsOf(absl::Span<const std::vector<double>> cases) {
  std::vector<Case> sums;
  for (const std::vector<double>& values : cases) {
    if (values.empty()) continue;
    sums.push_back({std::accumulate(values.begin(), values.end(), 0.0), static_cast<double>(values.size())});
  }
  return sums;
}

double MeanOfResample(const std::vector<Case>& cases, Random& random) {
  Case drawn;
  for (size_t n = 0; n < cases.size(); ++n) {
    const Case& one = cases[random.Below(cases.size())];
    drawn.sum += one.sum;
    drawn.lesions += one.lesions;
  }
  return drawn.sum / drawn.lesions;
}

// `share` of the values lie below; they are sorted, and there is at least one.
double Quantile(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  if (below + 1 == sorted.size()) return sorted.back();
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

}  // namespace

std::optional<MeanInterval> BootstrapMean(absl::Span<const std::vector<double>> cases,
                                          const BootstrapOptions& options) {
  const std::vector<Case> sums = SumsOf(cases);
  if (sums.empty()) return std::nullopt;
  Case all;
  for (const Case& one : sums) {
    all.sum += one.sum;
    all.lesions += one.lesions;
  }
  Random random(options.seed);
  std::vector<double> means(static_cast<size_t>(options.resamples));
  for (double& mean : means) mean = MeanOfResample(sums, random);
  std::sort(means.begin(), means.end());
  const double tail = (1 - options.confidence) / 2;
  return MeanInterval{all.sum / all.lesions, Quantile(means, tail), Quantile(means, 1 - tail)};
}

}  // namespace sgpsam
