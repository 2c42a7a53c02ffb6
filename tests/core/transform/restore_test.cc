#include "core/transform/restore.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/engine/engine.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

constexpr PatchSizes kSizes;

Placement Around(const Geometry& geometry, const VoxelIndex& centre) {
  return PlaceAround(geometry, centre, kSizes.patch, kUsualSpacingMm);
}

Placement AtBegin(const Geometry& geometry, const std::array<int64_t, 3>& begin) {
  return PlaceAtBegin(geometry, begin, kSizes.patch, kUsualSpacingMm);
}

// Logits that are `inside` in cells [begin, end) of every axis and -inside elsewhere.
MaskLogits CubeLogits(int64_t begin, int64_t end, float inside = 5) {
  MaskLogits logits;
  const int64_t side = kSizes.logits_side;
  logits.values.assign(kSizes.logits_floats(), -inside);
  for (int64_t i = begin; i < end; ++i) {
    for (int64_t j = begin; j < end; ++j) {
      for (int64_t k = begin; k < end; ++k) logits.values[(i * side + j) * side + k] = inside;
    }
  }
  return logits;
}

bool Bit(const std::vector<uint8_t>& bits, int64_t i, int64_t j, int64_t k) {
  const int64_t n = (i * 128 + j) * 128 + k;
  return (bits[n >> 3] >> (n & 7) & 1) != 0;
}

// align_corners = false, straight from its definition.
float Upsampled(const MaskLogits& logits, int64_t i, int64_t j, int64_t k) {
  const std::array<int64_t, 3> p{i, j, k};
  std::array<int64_t, 3> lo{}, hi{};
  std::array<double, 3> w{};
  for (int a = 0; a < 3; ++a) {
    const double source = std::max(0.0, (p[a] + 0.5) / 4 - 0.5);
    lo[a] = static_cast<int64_t>(source);
    hi[a] = std::min<int64_t>(lo[a] + 1, 31);
    w[a] = source - lo[a];
  }
  double sum = 0;
  for (int corner = 0; corner < 8; ++corner) {
    double weight = 1;
    std::array<int64_t, 3> at{};
    for (int a = 0; a < 3; ++a) {
      const bool high = (corner >> a & 1) != 0;
      weight *= high ? w[a] : 1 - w[a];
      at[a] = high ? hi[a] : lo[a];
    }
    sum += weight * logits.values[(at[0] * 32 + at[1]) * 32 + at[2]];
  }
  return static_cast<float>(sum);
}

TEST(PatchMaskBits, IsTheUpsampledLogitsAboveZero) {
  MaskLogits logits;
  for (int64_t n = 0; n < kSizes.logits_floats(); ++n) {
    logits.values.push_back(
        static_cast<float>(std::sin(0.9 * (n % 32)) + std::cos(0.7 * (n / 32 % 32)) - 0.03 * (n / 1024)));
  }
  const std::vector<uint8_t> bits = PatchMaskBits(logits, kSizes);
  int64_t wrong = 0;
  for (int64_t i = 0; i < 128; ++i) {
    for (int64_t j = 0; j < 128; ++j) {
      for (int64_t k = 0; k < 128; ++k) {
        const float logit = Upsampled(logits, i, j, k);
        wrong += std::abs(logit) > 1e-5f && Bit(bits, i, j, k) != (logit > 0) ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST(PatchMaskBits, ReachesHalfwayBetweenTwoCells) {
  const std::vector<uint8_t> bits = PatchMaskBits(CubeLogits(8, 16), kSizes);
  EXPECT_FALSE(Bit(bits, 31, 48, 48));
  EXPECT_TRUE(Bit(bits, 32, 48, 48));
  EXPECT_TRUE(Bit(bits, 63, 48, 48));
  EXPECT_FALSE(Bit(bits, 64, 48, 48));
}

TEST(RestoreMask, PutsThePatchBackWhereItWasTaken) {
  const Geometry geometry = TestGeometry({160, 150, 140});
  const Placement placement = Around(geometry, {80, 75, 70});
  const RestoredMask restored = RestoreMask(OnePatch(CubeLogits(12, 20).values, kSizes, placement), geometry);
  EXPECT_GT(restored.mask.CountVoxels(), 20000u);
  for (int64_t k = 0; k < 140; k += 3) {
    for (int64_t j = 0; j < 150; j += 3) {
      for (int64_t i = 0; i < 160; i += 3) {
        const std::array<double, 3> p = SourceToPatch(placement, {1.0 * i, 1.0 * j, 1.0 * k});
        bool inside = true;
        for (double along : p) inside = inside && along >= 0 && along <= 127;
        const bool want = inside && Upsampled(CubeLogits(12, 20), static_cast<int64_t>(p[0]),
                                              static_cast<int64_t>(p[1]), static_cast<int64_t>(p[2])) > 0;
        ASSERT_EQ(restored.mask.at(i, j, k), want) << i << " " << j << " " << k;
      }
    }
  }
}

TEST(RestoreMask, IsEmptyWhereNothingWasFound) {
  const Geometry geometry = TestGeometry({60, 60, 60});
  const RestoredMask restored =
      RestoreMask(OnePatch(CubeLogits(0, 0).values, kSizes, Around(geometry, {30, 30, 30})), geometry);
  EXPECT_EQ(restored.mask.CountVoxels(), 0u);
  EXPECT_FALSE(restored.touches_patch_border);
}

TEST(RestoreMask, MarksEveryVoxelOfASmallVolume) {
  const Geometry geometry = TestGeometry({61, 53, 47}, {2.1, 0.8, 1.3});
  const RestoredMask restored =
      RestoreMask(OnePatch(CubeLogits(0, 32).values, kSizes, Around(geometry, {30, 26, 23})), geometry);
  EXPECT_EQ(restored.mask.CountVoxels(), 61u * 53u * 47u);
}

TEST(RestoreMask, TouchesTheBorderOnlyWhereTheVolumeGoesOn) {
  const MaskLogits whole = CubeLogits(0, 32);
  const Geometry large = TestGeometry({300, 300, 300});
  EXPECT_TRUE(RestoreMask(OnePatch(whole.values, kSizes, Around(large, {150, 150, 150})), large)
                  .touches_patch_border);
  const Geometry small = TestGeometry({100, 100, 100});
  EXPECT_FALSE(
      RestoreMask(OnePatch(whole.values, kSizes, Around(small, {50, 50, 50})), small).touches_patch_border);
  // Exactly as large as the patch: nothing lies beyond any face.
  const Geometry equal = TestGeometry({128, 128, 128});
  EXPECT_FALSE(
      RestoreMask(OnePatch(whole.values, kSizes, AtBegin(equal, {0, 0, 0})), equal).touches_patch_border);
  EXPECT_TRUE(
      RestoreMask(OnePatch(whole.values, kSizes, AtBegin(equal, {0, 1, 0})), equal).touches_patch_border);
  EXPECT_TRUE(
      RestoreMask(OnePatch(whole.values, kSizes, AtBegin(equal, {0, 0, -1})), equal).touches_patch_border);
  EXPECT_FALSE(RestoreMask(OnePatch(CubeLogits(1, 31).values, kSizes, Around(large, {150, 150, 150})), large)
                   .touches_patch_border);
}

TEST(RestoreMask, DoesNotCountAFacesVoxelsOutsideTheVolume) {
  // Only patch voxels i < 8 are marked; the volume covers i >= 36 of the patch, and goes on along j.
  const Geometry geometry = SteppedGeometry({100, 300, 100}, {{{-1.5, 0, 0}, {0, -1.5, 0}, {0, 0, 1.5}}});
  MaskLogits logits;
  logits.values.assign(kSizes.logits_floats(), -1.0f);
  for (int64_t n = 0; n < 2 * 32 * 32; ++n) logits.values[n] = 1;
  const Placement placement = AtBegin(geometry, {-36, 80, -10});
  const RestoredMask restored = RestoreMask(OnePatch(logits.values, kSizes, placement), geometry);
  EXPECT_EQ(restored.mask.CountVoxels(), 0u);
  EXPECT_FALSE(restored.touches_patch_border);
  EXPECT_TRUE(restored.empty());
}

// Patch voxels 32 to 63 of each axis; the volume begins at 36, 40 and 50 of the patch.
TEST(RestoreMask, SaysNothingOfWhatItCoversOutsideTheVolume) {
  const Geometry geometry = TestGeometry({100, 100, 100});
  const Placement placement = AtBegin(geometry, {-36, -40, -50});
  const RestoredMask restored = RestoreMask(OnePatch(CubeLogits(8, 16).values, kSizes, placement), geometry);
  EXPECT_EQ(restored.low, (std::array<int64_t, 3>{0, 0, 0}));
  EXPECT_EQ(restored.high, (std::array<int64_t, 3>{27, 23, 13}));
}

TEST(RestoreMask, SaysWhatTheMaskCoversOnItsGrid) {
  const Geometry geometry = TestGeometry({300, 300, 300});
  const Placement placement = AtBegin(geometry, {40, 50, 60});
  const MaskLogits logits = CubeLogits(8, 16);
  const RestoredMask restored = RestoreMask(OnePatch(logits.values, kSizes, placement), geometry);
  EXPECT_EQ(restored.low, (std::array<int64_t, 3>{72, 82, 92}));
  EXPECT_EQ(restored.high, (std::array<int64_t, 3>{103, 113, 123}));
  EXPECT_FALSE(restored.empty());
  EXPECT_TRUE(RestoreMask(OnePatch(CubeLogits(0, 0).values, kSizes, placement), geometry).empty());
}

// Two and a half patches long, one and a half wide, all inside; the corner beyond cells (32, 32) is not seen.
LogitsBox CornerBox(const Placement& placement) {
  LogitsBox box;
  box.placement = placement;
  box.voxels = {320, 192, 128};
  box.cells = {80, 48, 32};
  box.values.assign(80 * 48 * 32, 2.0f);
  box.seen.assign(box.values.size(), 1);
  for (int64_t i = 32; i < 80; ++i) {
    for (int64_t j = 32; j < 48; ++j) {
      for (int64_t k = 0; k < 32; ++k) box.seen[box.Offset(i, j, k)] = 0;
    }
  }
  return box;
}

TEST(RestoreMask, LeavesOutWhatWasNotSeen) {
  const Geometry geometry = SteppedGeometry({320, 192, 128}, {{{-1.5, 0, 0}, {0, -1.5, 0}, {0, 0, 1.5}}});
  const LogitsBox box = CornerBox(AtBegin(geometry, {0, 0, 0}));
  const RestoredMask restored = RestoreMask(box, geometry);
  EXPECT_EQ(restored.mask.CountVoxels(), (320u * 128 + 128 * 64) * 128);
  EXPECT_TRUE(restored.mask.at(127, 191, 127));
  EXPECT_FALSE(restored.mask.at(128, 128, 0));
  EXPECT_EQ(restored.high, (std::array<int64_t, 3>{319, 191, 127}));
  const absl::StatusOr<ByteBuffer> bytes = RestoreProbabilities(box, geometry);
  ASSERT_TRUE(bytes.ok());
  std::vector<float> probabilities(bytes->size() / sizeof(float));
  std::memcpy(probabilities.data(), bytes->data(), bytes->size());
  for (int64_t k = 0, n = 0; k < 128; ++k) {
    for (int64_t j = 0; j < 192; ++j) {
      for (int64_t i = 0; i < 320; ++i, ++n) {
        ASSERT_EQ(probabilities[n] > 0.5f, restored.mask.at(i, j, k)) << i << " " << j << " " << k;
      }
    }
  }
}

TEST(RestoreMask, TouchesTheBorderOfWhatWasSeenInsideTheBox) {
  const Geometry geometry = TestGeometry({320, 192, 128});
  LogitsBox box = CornerBox(AtBegin(geometry, {0, 0, 0}));  // as large as the volume
  EXPECT_TRUE(RestoreMask(box, geometry).touches_patch_border);
  // Nothing at the two faces of the corner that was not seen.
  for (int64_t i = 31; i < 80; ++i) {
    for (int64_t j = 31; j < 48; ++j) {
      for (int64_t k = 0; k < 32; ++k) box.values[box.Offset(i, j, k)] = -1;
    }
  }
  EXPECT_FALSE(RestoreMask(box, geometry).touches_patch_border);
  box.seen.clear();
  EXPECT_FALSE(RestoreMask(box, geometry).touches_patch_border);
}

TEST(RestoreProbabilities, AgreesWithTheMask) {
  const Geometry geometry = SteppedGeometry({90, 140, 60}, {{{0, 1.1, 0.1}, {0.9, 0, 0.2}, {0.3, -0.4, 2}}});
  const Placement placement = Around(geometry, {30, 100, 20});
  const MaskLogits logits = CubeLogits(14, 19, 3);
  absl::StatusOr<ByteBuffer> bytes =
      RestoreProbabilities(OnePatch(logits.values, kSizes, placement), geometry);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  ASSERT_EQ(bytes->size(), 4u * 90 * 140 * 60);
  const RestoredMask restored = RestoreMask(OnePatch(logits.values, kSizes, placement), geometry);
  EXPECT_GT(restored.mask.CountVoxels(), 1000u);
  float largest = 0;
  for (int64_t k = 0, n = 0; k < 60; ++k) {
    for (int64_t j = 0; j < 140; ++j) {
      for (int64_t i = 0; i < 90; ++i, ++n) {
        float probability;
        std::memcpy(&probability, bytes->data() + 4 * n, 4);
        ASSERT_EQ(probability > 0.5f, restored.mask.at(i, j, k));
        largest = std::max(largest, probability);
      }
    }
  }
  EXPECT_NEAR(largest, 1 / (1 + std::exp(-3.0)), 1e-6);
}

TEST(RestoreProbabilities, IsZeroOutsideThePatch) {
  const Geometry geometry = TestGeometry({300, 10, 10});
  absl::StatusOr<ByteBuffer> bytes = RestoreProbabilities(
      OnePatch(CubeLogits(0, 32).values, kSizes, Around(geometry, {60, 5, 5})), geometry);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  float probability;
  std::memcpy(&probability, bytes->data() + 4 * 299, 4);
  EXPECT_EQ(probability, 0);
}

}  // namespace
}  // namespace sgpsam
