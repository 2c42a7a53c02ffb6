#include "core/transform/prepare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/engine/engine.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

constexpr int64_t kPatch = 128;

double At(const Patch& patch, int64_t i, int64_t j, int64_t k) {
  return patch.values[(i * 128 + j) * 128 + k];
}

TEST(PreparePatch, NormalisesByTheVoxelsAboveZero) {
  const Geometry geometry = TestGeometry({128, 128, 128});
  // Half of the voxels are 100 and 300, the others -1000.
  const Volume volume = TestVolume<int16_t>(geometry, [](int64_t i, int64_t, int64_t k) {
    return i < 64 ? -1000 : k % 2 == 0 ? 100 : 300;
  });
  absl::StatusOr<Patch> patch =
      PreparePatch(volume, PlaceAtBegin(geometry, {0, 0, 0}, kPatch, kUsualSpacingMm));
  ASSERT_TRUE(patch.ok()) << patch.status();
  const double count = 64 * 128 * 128;
  const double deviation = 100 * std::sqrt(count / (count - 1));  // unbiased
  // i runs to the left, the patch to the right.
  EXPECT_NEAR(At(*patch, 0, 0, 0), -100 / deviation, 1e-6);
  EXPECT_NEAR(At(*patch, 0, 0, 1), 100 / deviation, 1e-6);
  EXPECT_NEAR(At(*patch, 127, 0, 0), -1200 / deviation, 1e-5);
}

TEST(PreparePatch, DividesByTheUnbiasedDeviation) {
  const Geometry geometry = TestGeometry({8, 8, 8});
  // Two voxels above zero: their mean is 200, their deviations 100 and -100, over one degree of freedom.
  const Volume volume = TestVolume<int16_t>(geometry, [](int64_t i, int64_t j, int64_t k) {
    return i != 4 || j != 4 ? -1000 : k == 4 ? 100 : k == 5 ? 300 : 0;
  });
  absl::StatusOr<Patch> patch =
      PreparePatch(volume, PlaceAround(geometry, {4, 4, 4}, kPatch, kUsualSpacingMm));
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_NEAR(At(*patch, 64, 64, 64), -100 / std::sqrt(20000.0), 1e-6);
  EXPECT_NEAR(At(*patch, 64, 64, 65), 100 / std::sqrt(20000.0), 1e-6);
}

TEST(PreparePatch, PadsWithZeroIntensity) {
  const Geometry geometry = TestGeometry({128, 128, 64});
  const Volume volume =
      TestVolume<int16_t>(geometry, [](int64_t, int64_t, int64_t k) { return k % 2 == 0 ? 100 : 300; });
  absl::StatusOr<Patch> patch =
      PreparePatch(volume, PlaceAtBegin(geometry, {0, 0, -32}, kPatch, kUsualSpacingMm));
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_NEAR(At(*patch, 5, 5, 31), -2, 1e-5);  // (0 - 200) / 100
  EXPECT_NEAR(At(*patch, 5, 5, 32), -1, 1e-5);
  EXPECT_NEAR(At(*patch, 5, 5, 96), -2, 1e-5);
}

TEST(PreparePatch, TruncatesIntegersTowardZeroButNotFloats) {
  const Geometry geometry = TestGeometry({128, 128, 64}, {1.5, 1.5, 3});
  // Along k the samples are 0, 7, 14 ...; the patch reads at quarters between them.
  const auto ramp = [](int64_t, int64_t j, int64_t k) {
    return static_cast<double>(7 * k * (j == 5 ? -1 : 1));
  };
  const Placement placement = PlaceAtBegin(geometry, {0, 0, 0}, kPatch, kUsualSpacingMm);
  absl::StatusOr<Patch> whole = PreparePatch(TestVolume<int16_t>(geometry, ramp), placement);
  absl::StatusOr<Patch> exact = PreparePatch(TestVolume<float>(geometry, ramp), placement);
  ASSERT_TRUE(whole.ok() && exact.ok());
  // Canonical voxel 3 lies at source 1.25: 8.75; voxel 9 at 4.25: 29.75. Differences undo the normalisation.
  const auto ratio = [](const Patch& p) {
    return (At(p, 0, 0, 9) - At(p, 0, 0, 3)) / (At(p, 0, 0, 9) - At(p, 0, 0, 2));
  };
  EXPECT_NEAR(ratio(*exact), (29.75 - 8.75) / (29.75 - 5.25), 1e-5);
  EXPECT_NEAR(ratio(*whole), (29.0 - 8.0) / (29.0 - 5.0), 1e-5);
  const auto negative = [](const Patch& p) {  // row j = 5 is patch row 122
    return (At(p, 0, 122, 9) - At(p, 0, 122, 3)) / (At(p, 0, 122, 9) - At(p, 0, 122, 2));
  };
  EXPECT_NEAR(negative(*whole), (29.0 - 8.0) / (29.0 - 5.0), 1e-5);  // -8.75 becomes -8
}

TEST(PreparePatch, ClampsSamplesButNotThePadding) {
  const Geometry geometry = TestGeometry({128, 128, 64});
  const Volume volume =
      TestVolume<int16_t>(geometry, [](int64_t, int64_t, int64_t k) { return k % 2 == 0 ? -3000 : 3000; });
  absl::StatusOr<Patch> patch =
      PreparePatch(volume, PlaceAtBegin(geometry, {0, 0, 0}, kPatch, kUsualSpacingMm),
                   PatchScaling{IntensityClamp{100, 300}});
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_NEAR(At(*patch, 0, 0, 0), -1, 1e-5);
  EXPECT_NEAR(At(*patch, 0, 0, 1), 1, 1e-5);
  EXPECT_NEAR(At(*patch, 0, 0, 64), -2, 1e-5);
}

TEST(PreparePatch, RefusesAClampWithoutRange) {
  const Geometry geometry = TestGeometry({8, 8, 8});
  const Volume volume = TestVolume<int16_t>(geometry, [](int64_t i, int64_t, int64_t) { return i + 1; });
  const Placement placement = PlaceAround(geometry, {4, 4, 4}, kPatch, kUsualSpacingMm);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const IntensityClamp& clamp : {IntensityClamp{5, 5}, IntensityClamp{6, 5}, IntensityClamp{nan, 5}}) {
    EXPECT_EQ(PreparePatch(volume, placement, PatchScaling{clamp}).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(PreparePatch, RefusesSamplesOfTheRegionThatAreNotFinite) {
  const Geometry geometry = TestGeometry({300, 16, 16});
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL, 1e300}) {
    const Volume volume = TestVolume<double>(geometry, [bad](int64_t i, int64_t j, int64_t k) {
      return i == 50 && j == 8 && k == 8 ? bad : static_cast<double>(i + 1);
    });
    const absl::Status status =
        PreparePatch(volume, PlaceAround(geometry, {60, 8, 8}, kPatch, kUsualSpacingMm)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("not finite"));
    EXPECT_TRUE(PreparePatch(volume, PlaceAround(geometry, {250, 8, 8}, kPatch, kUsualSpacingMm)).ok())
        << "far from the bad sample";
  }
}

TEST(PreparePatch, RefusesARegionWithoutContrast) {
  const Geometry geometry = TestGeometry({64, 64, 64});
  const Placement placement = PlaceAround(geometry, {32, 32, 32}, kPatch, kUsualSpacingMm);
  const auto constant = [](double value) { return [value](int64_t, int64_t, int64_t) { return value; }; };
  const absl::Status flat = PreparePatch(TestVolume<float>(geometry, constant(0.1)), placement).status();
  EXPECT_EQ(flat.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(flat.message(), HasSubstr("constant"));
  const absl::Status dark = PreparePatch(TestVolume<int16_t>(geometry, constant(-5)), placement).status();
  EXPECT_EQ(dark.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(dark.message(), HasSubstr("no sample above 0"));
}

TEST(PreparePatch, IsTheSameInEverySampleType) {
  const Geometry geometry = TestGeometry({60, 60, 60}, {2, 1.1, 0.9});
  const Placement placement = PlaceAround(geometry, {30, 30, 30}, kPatch, kUsualSpacingMm);
  const auto value = [](int64_t i, int64_t j, int64_t k) {
    return static_cast<double>((3 * i + 5 * j + 7 * k) % 120);
  };
  const Patch expected = *PreparePatch(TestVolume<int16_t>(geometry, value), placement);
  EXPECT_EQ(PreparePatch(TestVolume<int8_t>(geometry, value), placement)->values, expected.values);
  EXPECT_EQ(PreparePatch(TestVolume<uint8_t>(geometry, value), placement)->values, expected.values);
  EXPECT_EQ(PreparePatch(TestVolume<uint16_t>(geometry, value), placement)->values, expected.values);
  EXPECT_EQ(PreparePatch(TestVolume<int32_t>(geometry, value), placement)->values, expected.values);
  EXPECT_EQ(PreparePatch(TestVolume<uint32_t>(geometry, value), placement)->values, expected.values);
  EXPECT_EQ(PreparePatch(TestVolume<float>(geometry, value), placement)->values,
            PreparePatch(TestVolume<double>(geometry, value), placement)->values);
}

TEST(PreparePatch, RefusesAPatchBesideTheVolume) {
  const Geometry geometry = TestGeometry({8, 8, 8});
  const Volume volume = TestVolume<int16_t>(geometry, [](int64_t i, int64_t, int64_t) { return i + 1; });
  for (const int64_t begin : {int64_t{1000}, int64_t{-1000}, INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(
        PreparePatch(volume, PlaceAtBegin(geometry, {begin, 0, 0}, kPatch, kUsualSpacingMm)).status().code(),
        absl::StatusCode::kInvalidArgument);
  }
}

// The tables against the definition: each voxel sampled on its own, on a grid that is not right-angled.
TEST(PreparePatch, EqualsSamplingVoxelByVoxel) {
  const Geometry tilted = SteppedGeometry({50, 44, 30}, {{{0, 1.1, 0.1}, {0.9, 0, 0.2}, {0.3, -0.4, 2}}});
  const auto value = [](int64_t i, int64_t j, int64_t k) {
    return 100 + 10 * std::sin(i * 0.7 + j * 1.3 + k * 2.9);
  };
  const Volume volume = TestVolume<double>(tilted, value);
  const Placement placement = PlaceAround(tilted, {25, 20, 11}, kPatch, kUsualSpacingMm);
  const Patch patch = *PreparePatch(volume, placement);
  std::vector<double> raw;
  for (const std::array<int64_t, 3>& p :
       {std::array<int64_t, 3>{60, 64, 66}, {64, 64, 64}, {70, 58, 71}, {55, 70, 60}}) {
    const VoxelIndex s = PatchToSource(placement, {1.0 * p[0], 1.0 * p[1], 1.0 * p[2]});
    const auto i = static_cast<int64_t>(s.i), j = static_cast<int64_t>(s.j), k = static_cast<int64_t>(s.k);
    double sum = 0;
    for (int corner = 0; corner < 8; ++corner) {
      const int a = corner & 1, b = corner >> 1 & 1, c = corner >> 2;
      sum += value(i + a, j + b, k + c) * (a ? s.i - i : 1 - s.i + i) * (b ? s.j - j : 1 - s.j + j) *
             (c ? s.k - k : 1 - s.k + k);
    }
    raw.push_back(sum);
    raw.push_back(At(patch, p[0], p[1], p[2]));
  }
  // Two points fix the normalisation; the others must lie on the same line.
  const double slope = (raw[3] - raw[1]) / (raw[2] - raw[0]);
  for (size_t n = 4; n < raw.size(); n += 2) {
    EXPECT_NEAR(raw[n + 1], raw[1] + slope * (raw[n] - raw[0]), 1e-5);
  }
}

TEST(PreparePatchByWindows, ScalesEachChannelByItsWindow) {
  const Geometry geometry = TestGeometry({128, 128, 64});
  const Volume volume =
      TestVolume<int16_t>(geometry, [](int64_t, int64_t, int64_t k) { return k % 2 == 0 ? 40 : 700; });
  const PatchScaling scaling = {{}, {{-160, 240}, {-1000, 1000}}};
  absl::StatusOr<Patch> patch =
      PreparePatch(volume, PlaceAtBegin(geometry, {0, 0, -32}, kPatch, kUsualSpacingMm), scaling);
  ASSERT_TRUE(patch.ok()) << patch.status();
  const int64_t voxels = kPatch * kPatch * kPatch;
  ASSERT_EQ(static_cast<int64_t>(patch->values.size()), 2 * voxels);
  const auto channel = [&](int64_t c, int64_t k) {
    return patch->values[c * voxels + (5 * 128 + 5) * 128 + k];
  };
  EXPECT_NEAR(channel(0, 32), 0, 1e-6);  // the middle of the first window
  EXPECT_NEAR(channel(1, 32), 0.04, 1e-6);
  EXPECT_EQ(channel(0, 33), 1);  // beyond it
  EXPECT_NEAR(channel(1, 33), 0.7, 1e-6);
  EXPECT_EQ(channel(0, 31), -1);  // outside of the volume
  EXPECT_EQ(channel(1, 31), -1);
}

TEST(PreparePatchByWindows, TakesWhatTheReferenceRefuses) {
  const Geometry geometry = TestGeometry({64, 64, 64});
  const Placement placement = PlaceAround(geometry, {30, 30, 30}, kPatch, kUsualSpacingMm);
  const PatchScaling scaling = {{}, {{-1000, 1000}}};
  const auto constant = [](double value) { return [value](int64_t, int64_t, int64_t) { return value; }; };
  for (const double dark : {-850.0, -5.0, 0.0}) {
    const Volume volume = TestVolume<int16_t>(geometry, constant(dark));
    EXPECT_FALSE(PreparePatch(volume, placement).ok());
    const absl::StatusOr<Patch> patch = PreparePatch(volume, placement, scaling);
    ASSERT_TRUE(patch.ok()) << patch.status();
    EXPECT_NEAR(At(*patch, 64, 64, 64), dark / 1000, 1e-6);
  }
}

TEST(PreparePatchByWindows, DoesNotTruncate) {
  const Geometry geometry = TestGeometry({128, 128, 128});
  const Volume volume = TestVolume<int16_t>(geometry, [](int64_t, int64_t, int64_t k) { return k; });
  // Between the slices, else there is nothing to truncate.
  const Placement placement = PlaceAround(geometry, {64, 64, 64}, kPatch, 1.1);
  const PatchScaling scaling = {{}, {{0, 200}}};
  const Volume exact = TestVolume<float>(geometry, [](int64_t, int64_t, int64_t k) { return k; });
  EXPECT_EQ(PreparePatch(volume, placement, scaling)->values,
            PreparePatch(exact, placement, scaling)->values);
}

TEST(PreparePatchByWindows, StillRefusesWhatIsNoNumber) {
  const Geometry geometry = TestGeometry({64, 64, 64});
  const Volume volume = TestVolume<float>(geometry, [](int64_t i, int64_t, int64_t) {
    return i == 30 ? std::numeric_limits<double>::quiet_NaN() : 1.0;
  });
  const Placement placement = PlaceAround(geometry, {30, 30, 30}, kPatch, kUsualSpacingMm);
  EXPECT_TRUE(absl::IsInvalidArgument(PreparePatch(volume, placement, PatchScaling{{}, {{0, 1}}}).status()));
}

}  // namespace
}  // namespace sgpsam
