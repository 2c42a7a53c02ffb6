#include "core/looks/blend_looks.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "core/transform/copy_logits.h"

namespace sgpsam {
namespace {

// Weighted sums over the looks that have seen one cell.
struct CellSums {
  double weight = 0, logits = 0, probabilities = 0, squares = 0;

  void Add(double by, float logit) {
    const double probability = 1 / (1 + std::exp(-static_cast<double>(logit)));
    weight += by;
    logits += by * static_cast<double>(logit);
    probabilities += by * probability;
    squares += by * probability * probability;
  }
  double Spread() const {
    const double mean = probabilities / weight;
    return std::sqrt(std::max(0.0, squares / weight - mean * mean));
  }
};

}  // namespace

BlendedLooks BlendLooks(const LogitsBox& own, absl::Span<const OtherLook> others) {
  std::vector<CellSums> sums(own.values.size());
  for (size_t n = 0; n < sums.size(); ++n) sums[n].Add(1, own.values[n]);
  for (const OtherLook& other : others) {
    const double ratio = own.placement.spacing_mm / other.logits.placement.spacing_mm;
    const double weight = other.weight * std::min(ratio, 1 / ratio);
    std::vector<float> logits(sums.size(), std::numeric_limits<float>::quiet_NaN());
    CopyLogits(other.logits, own.placement, own.cells[0], logits);
    for (size_t n = 0; n < logits.size(); ++n) {
      if (!std::isnan(logits[n])) sums[n].Add(weight, logits[n]);
    }
  }
  BlendedLooks blended;
  for (const CellSums& cell : sums) {
    blended.logits.push_back(static_cast<float>(cell.logits / cell.weight));
    blended.spread.push_back(static_cast<float>(cell.Spread()));
  }
  return blended;
}

}  // namespace sgpsam
