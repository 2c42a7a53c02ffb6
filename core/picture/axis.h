// What an axis of a chart shows: its ends and the round numbers (1, 2 or 5 times a power of ten) that are
// marked on it. Pure functions; thread-safe.
#ifndef SGPSAM_CORE_PICTURE_AXIS_H_
#define SGPSAM_CORE_PICTURE_AXIS_H_

#include <string>
#include <vector>

namespace sgpsam {

struct Tick {
  double value = 0;
  std::string label;
};

struct Axis {
  double low = 0, high = 1;  // low is below high
  bool log = false;
  std::vector<Tick> ticks;  // from low to high, at least one

  // Where a value lies on the axis: low at 0, high at 1. On a logarithmic axis it is positive.
  double Place(double value) const;
};

// Differences and quotients of numbers up to the greatest do not overflow; smaller ones than the least count
// as zero, which a logarithmic axis does not show.
inline constexpr double kGreatestOfAxis = 1e100, kLeastOfAxis = 1e-100;

// Axes with at most `most_ticks` ticks, at least 3, for values from `low` to `high`, whose sizes are at most
// kGreatestOfAxis. If they are almost the same, the axis reaches a tenth further on both sides.
Axis LinearAxis(double low, double high, int most_ticks);
// From kLeastOfAxis. Ends at the round numbers around the values; if not all of those are marked, only powers
// of ten are, two of them or more.
Axis LogAxis(double low, double high, int most_ticks);

// Eight significant digits at most: "0.05", "1500"; below 0.001 and from a million on "2e-5", "1.5e6".
std::string ShortNumber(double value);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_PICTURE_AXIS_H_
