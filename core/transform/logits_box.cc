#include "core/transform/logits_box.h"

#include <cmath>

namespace sgpsam {

double ExpectedDice(const LogitsBox& box) {
  double probable = 0, inside = 0, both = 0;
  for (const float logit : box.values) {
    if (logit == 0) continue;  // not seen, or as likely inside as not: outside of the mask
    const double probability = 1 / (1 + std::exp(-static_cast<double>(logit)));
    probable += probability;
    if (logit <= 0) continue;
    inside += 1;
    both += probability;
  }
  return inside > 0 ? 2 * both / (probable + inside) : 0;
}

}  // namespace sgpsam
