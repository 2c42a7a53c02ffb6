#include "core/looks/blend_looks.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/transform/copy_logits.h"

namespace sgpsam {

std::vector<float> BlendLooks(const LogitsBox& own, absl::Span<const OtherLook> others) {
  std::vector<double> sums(own.values.begin(), own.values.end()), weights(own.values.size(), 1);
  for (const OtherLook& other : others) {
    const double ratio = own.placement.spacing_mm / other.logits.placement.spacing_mm;
    const double weight = other.weight * std::min(ratio, 1 / ratio);
    std::vector<float> logits(sums.size(), std::numeric_limits<float>::quiet_NaN());
    CopyLogits(other.logits, own.placement, own.cells[0], logits);
    for (size_t n = 0; n < logits.size(); ++n) {
      if (std::isnan(logits[n])) continue;  // not seen
      sums[n] += weight * static_cast<double>(logits[n]);
      weights[n] += weight;
    }
  }
  std::vector<float> blended(sums.size());
  for (size_t n = 0; n < sums.size(); ++n) blended[n] = static_cast<float>(sums[n] / weights[n]);
  return blended;
}

}  // namespace sgpsam
