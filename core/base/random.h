// Random numbers that a seed repeats: SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
// generators, OOPSLA 2014), so that no library's change moves a generated case or a training run. The state
// is one number: Random(random.state()) goes on where `random` is. Not for secrets. One thread at a time.
#ifndef SGPSAM_CORE_BASE_RANDOM_H_
#define SGPSAM_CORE_BASE_RANDOM_H_

#include <cstdint>

namespace sgpsam {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  // 64 random bits.
  uint64_t Next() {
    state_ += 0x9E3779B97F4A7C15;
    return Mix(state_);
  }

  // At least 0, below 1; multiples of 2^-53. Takes one Next.
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

  // 0 to n - 1, each equally likely; n is at least 1. Takes one Next, rarely more.
  uint64_t Below(uint64_t n);

  // Mean 0, variance 1, within 8.21 of the mean. Takes one Next.
  double Normal();

  uint64_t state() const { return state_; }

  // Another number for every number, in which each bit depends on all of `z`: what makes seeds of seeds.
  static uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_RANDOM_H_
