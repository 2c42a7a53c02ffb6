// Linear interpolation along one axis of a grid of samples: between which two a coordinate lies, and how far
// from the first. What trilinear sampling of volumes and of logits is made of. Pure functions.
#ifndef SGPSAM_CORE_VOLUME_INTERPOLATE_H_
#define SGPSAM_CORE_VOLUME_INTERPOLATE_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace sgpsam {

// T is what is computed in.
template <typename T>
struct Tap {
  int64_t lo = 0, hi = 0;  // both in the grid; the same at its ends
  T weight = 0;            // of `hi`; `lo` has the rest
};

// Where `at`, in samples from the centre of the first of `size`, reads. Before the first and after the last
// sample theirs counts alone.
template <typename T>
Tap<T> TapAt(double at, int64_t size) {
  const double floor = std::floor(at);
  Tap<T> tap;
  tap.lo = std::clamp<int64_t>(static_cast<int64_t>(floor), 0, size - 1);
  tap.hi = std::min(tap.lo + 1, size - 1);
  tap.weight = floor < 0 ? 0 : static_cast<T>(at - floor);
  return tap;
}

// Written so that equal neighbours give exactly their value, which truncation depends on. Always inlined: it
// rounds as the file that calls it is compiled to (-ffp-contract), and in vectors where that one's loops are.
template <typename T>
[[gnu::always_inline]] inline T Lerp(T a, T b, T weight) {
  return a + (b - a) * weight;
}

}  // namespace sgpsam

#endif  // SGPSAM_CORE_VOLUME_INTERPOLATE_H_
