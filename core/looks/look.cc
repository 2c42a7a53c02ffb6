#include "core/looks/look.h"

#include <algorithm>
#include <cmath>

#include "core/looks/look_policy.h"

namespace sgpsam {

double Worth(const LookQuality& look) {
  if (!look.cut_off) return look.expected_dice;
  const double narrower = std::max(0.0, std::log(kLookPolicy.cut_off_mm / look.seen_mm));
  return std::max(0.0, look.expected_dice - kLookPolicy.cut_off_charge - kLookPolicy.narrower_charge * narrower);
}

bool BetterLook(const LookQuality& a, const LookQuality& b) {
  if (a.found != b.found) return a.found;
  if (a.points_obeyed != b.points_obeyed) return a.points_obeyed > b.points_obeyed;
  return Worth(a) > Worth(b);
}

}  // namespace sgpsam
