#include "tools/learn/cases/label_mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

const LabelValues kValues{{0, 1, 2, 5}, {2, 5}};

double Labels(int64_t i, int64_t j, int64_t k) {
  constexpr std::array<double, 4> kTurns{0, 1, 2, 5};
  return kTurns[static_cast<size_t>(i + j + k) % 4];
}

template <typename T>
void ExpectMask() {
  const Volume labels = TestVolume<T>(TestGeometry({11, 3, 2}), Labels);
  const absl::StatusOr<Mask> mask = MaskOfLabel(labels, kValues);
  ASSERT_TRUE(mask.ok()) << mask.status();
  for (int64_t n = 0; n < 66; ++n) {
    const int64_t i = n % 11, j = n / 11 % 3, k = n / 33;
    EXPECT_EQ(mask->at(i, j, k), Labels(i, j, k) >= 2) << n;
  }
}

TEST(MaskOfLabel, TakesTheChosenValuesOfEverySampleType) {
  ExpectMask<int8_t>();
  ExpectMask<uint8_t>();
  ExpectMask<int16_t>();
  ExpectMask<uint16_t>();
  ExpectMask<int32_t>();
  ExpectMask<uint32_t>();
  ExpectMask<float>();
  ExpectMask<double>();
}

template <typename T>
void ExpectRefused(double value, const std::string& why) {
  const Volume labels = TestVolume<T>(TestGeometry({4, 3, 2}), [value](int64_t i, int64_t j, int64_t k) {
    return i == 3 && j == 1 && k == 1 ? value : 0;
  });
  const absl::Status status = MaskOfLabel(labels, kValues).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << value;
  EXPECT_THAT(std::string(status.message()), HasSubstr("voxel 3 1 1 is "));
  EXPECT_THAT(std::string(status.message()), HasSubstr(why));
}

TEST(MaskOfLabel, RefusesVoxelsThatAreNoLabels) {
  ExpectRefused<float>(std::nanf(""), "finite numbers");
  ExpectRefused<double>(-HUGE_VAL, "finite numbers");
  ExpectRefused<float>(1.5, "is 1.5, but a label file's voxels must be whole numbers");
  ExpectRefused<double>(1 + 1e-7, "whole numbers");
  ExpectRefused<float>(-1, "0 or more");
  ExpectRefused<int8_t>(-1, "0 or more");
  ExpectRefused<int32_t>(std::numeric_limits<int32_t>::min(), "0 or more");
}

TEST(MaskOfLabel, RefusesValuesThatAreNotListed) {
  ExpectRefused<uint8_t>(3, "labels that dataset.json lists");
  ExpectRefused<float>(255, "labels that dataset.json lists");
  ExpectRefused<double>(1e300, "labels that dataset.json lists");
  ExpectRefused<uint32_t>(65536 + 2, "labels that dataset.json lists");
  ExpectRefused<uint32_t>(4294967295.0, "labels that dataset.json lists");
}

TEST(MaskOfLabel, NeedsNoListedBackground) {
  const Volume labels = TestVolume<uint8_t>(TestGeometry({4, 3, 2}), [](auto...) { return 0; });
  const absl::StatusOr<Mask> mask = MaskOfLabel(labels, {{1}, {1}});
  ASSERT_TRUE(mask.ok()) << mask.status();
  EXPECT_EQ(mask->CountVoxels(), 0u);
}

}  // namespace
}  // namespace sgpsam
