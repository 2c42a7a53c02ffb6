// The project's random numbers (core/base/random.h) as made-up bodies want them: floats in a range,
// directions, and a stream for each part. What it draws for a seed never changes. A value; copies repeat each
// other.
#ifndef SGPSAM_TOOLS_SYNTHESIS_RANDOM_H_
#define SGPSAM_TOOLS_SYNTHESIS_RANDOM_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/base/random.h"
#include "tools/synthesis/body_point.h"

namespace sgpsam::synthesis {

class Random {
 public:
  explicit Random(uint64_t seed) : source_(seed) {}

  // A stream of its own for one part of a case, so that what this part draws moves no other part.
  // Depends on this stream's seed and on what was drawn from it so far, and draws nothing itself.
  Random Fork(uint64_t part) const {
    return Random(sgpsam::Random::Mix(source_.state() ^ sgpsam::Random::Mix(part + 1)));
  }

  uint64_t Next() { return source_.Next(); }

  // From low (possible) to high (not).
  float Uniform(float low, float high) {
    return low + (high - low) * (static_cast<float>(Next() >> 40) * 0x1p-24f);
  }
  // Each factor as likely as any other; 0 < low <= high.
  float LogUniform(float low, float high) { return low * std::exp(Uniform(0, std::log(high / low))); }
  bool Chance(float probability) { return Uniform(0, 1) < probability; }
  float Sign() { return (Next() >> 63) != 0 ? 1.0f : -1.0f; }
  // 0 to n - 1; n > 0.
  uint64_t Below(uint64_t n) { return source_.Below(n); }
  // About normal with unit variance: the sum of four 16-bit uniforms, because every voxel takes one.
  float Normal() {
    const uint64_t bits = Next();
    const auto sum =
        static_cast<int32_t>((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48));
    return static_cast<float>(sum - 131070) * (1.7320508f / 65536.0f);
  }
  // Of length 1, all directions alike.
  BodyPoint Direction() {
    const float z = Uniform(-1, 1), turn = Uniform(0, 6.2831853f), r = std::sqrt(std::max(0.0f, 1 - z * z));
    return {r * std::cos(turn), r * std::sin(turn), z};
  }

 private:
  sgpsam::Random source_;
};

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_RANDOM_H_
