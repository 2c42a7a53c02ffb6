// Cases made in a test, and what they are made of.
#ifndef SGPSAM_TESTS_TOOLS_LEARN_TRAIN_MADE_CASES_H_
#define SGPSAM_TESTS_TOOLS_LEARN_TRAIN_MADE_CASES_H_

#include <atomic>
#include <cmath>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "tests/support/synthetic_volume.h"
#include "tools/learn/cases/case.h"

namespace sgpsam {

class MadeCases final : public CaseSource {
 public:
  using Make = std::function<absl::StatusOr<Case>(int64_t index)>;

  MadeCases(int64_t size, Make make) : size_(size), make_(std::move(make)) {}

  int64_t size() const override { return size_; }
  std::string id(int64_t index) const override { return absl::StrCat("case-", index); }
  absl::StatusOr<Case> Read(int64_t index) const override {
    ++reads_;
    return make_(index);
  }
  int64_t reads() const { return reads_; }

 private:
  const int64_t size_;
  const Make make_;
  mutable std::atomic<int64_t> reads_{0};
};

using VoxelFunction = std::function<double(int64_t i, int64_t j, int64_t k)>;

inline Case MakeCase(std::string id, const Geometry& geometry, const VoxelFunction& image,
                     const VoxelFunction& target, int64_t target_count) {
  return {std::move(id),
          TestVolume<int16_t>(geometry, image),
          TestVolume<uint16_t>(geometry, target),
          target_count,
          {}};
}

// 1 to about 1,000, without any pattern.
inline double Texture(int64_t i, int64_t j, int64_t k) {
  return 1 + static_cast<double>(Random(static_cast<uint64_t>(i + 1000 * j + 1000000 * k)).Below(1000));
}

// A bright ball of 4 to 6 voxels across in noise: what can be learned in a few dozen steps.
inline Case BallCase(int64_t index) {
  Random random(static_cast<uint64_t>(index) + 1);
  const double i0 = 8 + 8 * random.Uniform(), j0 = 8 + 8 * random.Uniform(), k0 = 8 + 8 * random.Uniform();
  const double radius = 3 + 1.5 * random.Uniform();
  const auto inside = [=](int64_t i, int64_t j, int64_t k) {
    return std::hypot(static_cast<double>(i) - i0, static_cast<double>(j) - j0,
                      static_cast<double>(k) - k0) <= radius;
  };
  const auto image = [=, &random](int64_t i, int64_t j, int64_t k) {
    return 200 + 30 * random.Normal() + (inside(i, j, k) ? 150 : 0);
  };
  return MakeCase(absl::StrCat("ball-", index), TestGeometry({24, 24, 24}), image, inside, 1);
}

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_TOOLS_LEARN_TRAIN_MADE_CASES_H_
