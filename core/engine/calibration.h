// From the Dice that a model expects of a mask to the Dice that such masks had on lesions it was not trained
// on: a curve of a few points in the model file. Pure functions.
#ifndef SGPSAM_CORE_ENGINE_CALIBRATION_H_
#define SGPSAM_CORE_ENGINE_CALIBRATION_H_

#include <algorithm>
#include <cstddef>

#include "absl/types/span.h"

namespace sgpsam {

struct CalibrationPoint {
  double expected = 0, dice = 0;
  friend bool operator==(const CalibrationPoint&, const CalibrationPoint&) = default;
};

inline constexpr size_t kMaxCalibrationPoints = 16;

// At least two points and at most the above, all numbers in 0 to 1; `expected` ascends, `dice` does not fall.
inline bool IsCalibration(absl::Span<const CalibrationPoint> curve) {
  const auto share = [](double value) { return value >= 0 && value <= 1; };
  if (curve.size() < 2 || curve.size() > kMaxCalibrationPoints) return false;
  for (size_t n = 0; n < curve.size(); ++n) {
    if (!share(curve[n].expected) || !share(curve[n].dice)) return false;
    if (n > 0 && !(curve[n].expected > curve[n - 1].expected && curve[n].dice >= curve[n - 1].dice))
      return false;
  }
  return true;
}

// The Dice to expect, by a curve that IsCalibration: between two points in proportion,
// beyond the ends as at the end.
inline double Calibrated(absl::Span<const CalibrationPoint> curve, double expected) {
  if (expected <= curve.front().expected) return curve.front().dice;
  for (size_t n = 1; n < curve.size(); ++n) {
    const CalibrationPoint &low = curve[n - 1], &high = curve[n];
    if (expected > high.expected) continue;
    return low.dice + (high.dice - low.dice) * (expected - low.expected) / (high.expected - low.expected);
  }
  return curve.back().dice;
}

}  // namespace sgpsam

#endif  // SGPSAM_CORE_ENGINE_CALIBRATION_H_
