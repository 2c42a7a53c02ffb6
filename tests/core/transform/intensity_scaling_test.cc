#include "core/transform/intensity_scaling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<IntensityScaling> kScalings = {{"CT", false, {{-160, 240}, {-1000, 1000}}},
                                                 {"", true, {{-2.5, 2.5}, {-10, 10}}}};

// Half of the voxels are 100, half 300, but for a corner of air.
Volume Halves(double air = 0) {
  return TestVolume<float>(TestGeometry({40, 40, 40}), [air](int64_t i, int64_t j, int64_t k) {
    return i < 8 && j < 8 && k < 8 ? air : (i + j + k) % 2 == 0 ? 100.0 : 300.0;
  });
}

TEST(MeasureIntensities, CountsWhatIsAboveZero) {
  const IntensityMoments moments = MeasureIntensities(Halves());
  EXPECT_NEAR(moments.mean, 200, 0.5);
  EXPECT_NEAR(moments.standard_deviation, 100, 0.5);
}

TEST(MeasureIntensities, CountsAllWhereNextToNothingIsAboveZero) {
  const Volume dark = TestVolume<int16_t>(
      TestGeometry({32, 32, 32}), [](int64_t i, int64_t, int64_t) { return i % 2 == 0 ? -900 : -700; });
  const IntensityMoments moments = MeasureIntensities(dark);
  EXPECT_NEAR(moments.mean, -800, 1);
  EXPECT_NEAR(moments.standard_deviation, 100, 1);
}

TEST(MeasureIntensities, HasADeviationOfAnyVolume) {
  const Volume even =
      TestVolume<int16_t>(TestGeometry({8, 8, 8}), [](int64_t, int64_t, int64_t) { return 7; });
  EXPECT_EQ(MeasureIntensities(even).mean, 7);
  EXPECT_EQ(MeasureIntensities(even).standard_deviation, 1);
  const Volume broken = TestVolume<float>(TestGeometry({8, 8, 8}), [](int64_t, int64_t, int64_t) {
    return std::numeric_limits<double>::quiet_NaN();
  });
  EXPECT_EQ(MeasureIntensities(broken).standard_deviation, 1);
}

TEST(MeasureIntensities, SeesClampedValues) {
  const IntensityMoments moments = MeasureIntensities(Halves(), IntensityClamp{0, 200});
  EXPECT_NEAR(moments.mean, 150, 0.5);
  EXPECT_NEAR(moments.standard_deviation, 50, 0.5);
}

// As many samples are measured of a large volume as of a small one, and they are spread over all of it.
TEST(MeasureIntensities, OfALargeVolumeIsThatOfItsParts) {
  const Volume large = TestVolume<int16_t>(
      TestGeometry({128, 128, 128}),
      [](int64_t i, int64_t j, int64_t k) { return 1 + (i * 7 + j * 11 + k * 13) % 1000; });
  const IntensityMoments moments = MeasureIntensities(large);
  EXPECT_NEAR(moments.mean, 500.5, 3);
  EXPECT_NEAR(moments.standard_deviation, 1000 / std::sqrt(12.0), 3);
}

TEST(ChooseScaling, TakesTheModalitysWindows) {
  const PatchScaling ct = ChooseScaling(kScalings, "CT", Halves());
  EXPECT_THAT(ct.windows, ElementsAre(IntensityWindow{-160, 240}, IntensityWindow{-1000, 1000}));
}

TEST(ChooseScaling, MeasuresTheVolumeOfAnyOther) {
  for (const char* modality : {"MR", "", "XX"}) {
    const PatchScaling scaling = ChooseScaling(kScalings, modality, Halves());
    ASSERT_EQ(scaling.windows.size(), 2u);
    EXPECT_NEAR(scaling.windows[0].low, 200 - 250, 2) << modality;
    EXPECT_NEAR(scaling.windows[0].high, 200 + 250, 2) << modality;
    EXPECT_NEAR(scaling.windows[1].high, 200 + 1000, 6) << modality;
  }
}

TEST(ChooseScaling, IsTheReferencesWhereTheModelHasNone) {
  const PatchScaling scaling = ChooseScaling({}, "CT", Halves(), IntensityClamp{1, 2});
  EXPECT_THAT(scaling.windows, IsEmpty());
  EXPECT_EQ(scaling.clamp->max, 2);
}

}  // namespace
}  // namespace sgpsam
