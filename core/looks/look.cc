#include "core/looks/look.h"

#include <algorithm>
#include <cmath>

#include "core/looks/look_policy.h"

namespace sgpsam {

double Worth(const LookQuality& look) {
  const double whole = look.expected_dice * 2 / (1 + look.overgrown);
  double worth = whole - kLookPolicy.missed_charge * look.missed;
  if (look.cut_off) {
    worth -= kLookPolicy.cut_off_charge;
    worth -= kLookPolicy.narrower_charge * std::max(0.0, std::log(kLookPolicy.cut_off_mm / look.seen_mm));
  }
  return std::max(0.0, worth);
}

bool BetterLook(const LookQuality& a, const LookQuality& b) {
  if (a.found != b.found) return a.found;
  return Worth(a) > Worth(b);
}

}  // namespace sgpsam
