// Pre- and post-processing against what the reference does with the same volumes: the project's own
// golden files (tests/golden/preprocess/make_golden.py) and, where it is present, ../shared.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "core/engine/engine.h"
#include "core/raw/nifti.h"
#include "core/transform/axis_map.h"
#include "core/transform/placement.h"
#include "core/transform/prepare.h"
#include "core/transform/restore.h"
#include "tests/support/reference_tensors.h"
#include "tests/support/test_files.h"

namespace sgpsam {
namespace {

constexpr char kOwn[] = SGPSAM_SOURCE_DIR "/tests/golden/preprocess/";
constexpr char kShared[] = SGPSAM_SHARED_DIR "/golden/preprocess/";
constexpr int64_t kPatch = 128;

struct Example {
  const char* folder;
  const char* name;
};

class ReferenceTest : public testing::TestWithParam<Example> {
 protected:
  void SetUp() override {
    const std::string base = std::string(GetParam().folder) + GetParam().name;
    if (!std::filesystem::exists(base + ".safetensors")) GTEST_SKIP() << base << " is not there";
    expected_ = ReadReferenceTensors(base + ".safetensors");
    absl::StatusOr<Volume> volume = ReadNifti(ReadTestBuffer(base + ".nii.gz"));
    absl::StatusOr<Volume> labels = ReadNifti(ReadTestBuffer(base + "_label.nii.gz"));
    ASSERT_TRUE(volume.ok()) << volume.status();
    ASSERT_TRUE(labels.ok()) << labels.status();
    volume_ = *std::move(volume);
    labels_ = *std::move(labels);
    absl::StatusOr<Placement> placement = PlaceAroundLabel(labels_, 1, kPatch, kUsualSpacingMm);
    ASSERT_TRUE(placement.ok()) << placement.status();
    placement_ = *placement;
  }

  // Largest difference to the expected values.
  template <typename Values>
  double Difference(const Values& values, const std::string& name) const {
    const std::vector<double>& expected = expected_.at(name);
    EXPECT_EQ(values.size(), expected.size()) << name;
    double largest = 0;
    for (size_t n = 0; n < expected.size(); ++n) {
      largest = std::max(largest, std::abs(static_cast<double>(values[n]) - expected[n]));
    }
    return largest;
  }

  std::map<std::string, std::vector<double>> expected_;
  Volume volume_, labels_;
  Placement placement_;
};

TEST_P(ReferenceTest, GridAndPlacementAreTheReferences) {
  EXPECT_EQ(Difference(placement_.grid.shape, "canonical_shape"), 0);
  EXPECT_EQ(Difference(placement_.begin, "roi_begin_ijk"), 0);
  EXPECT_LT(Difference(CanonicalAffineRas(volume_.geometry(), placement_.grid, 1.5), "canonical_affine_ras"),
            1e-4);
  EXPECT_LT(Difference(PatchAffineRas(volume_.geometry(), placement_), "roi_affine_ras"), 1e-4);
}

TEST_P(ReferenceTest, AsManyLabelVoxelsLieInThePatch) {
  const std::array<PatchAxis, 3> axes = PatchAxes(placement_, labels_.geometry().shape());
  double count = 0;
  for (int64_t k = axes[2].begin; k < axes[2].end; ++k) {
    for (int64_t j = axes[1].begin; j < axes[1].end; ++j) {
      for (int64_t i = axes[0].begin; i < axes[0].end; ++i) {
        count += labels_.at(NearestVoxel(axes[0].source[i]), NearestVoxel(axes[1].source[j]),
                            NearestVoxel(axes[2].source[k]));
      }
    }
  }
  EXPECT_EQ(count, expected_.at("roi_label_voxels")[0]);
}

TEST_P(ReferenceTest, PatchIsTheReferences) {
  absl::StatusOr<Patch> patch = PreparePatch(volume_, placement_);
  ASSERT_TRUE(patch.ok()) << patch.status();
  const bool third = expected_.count("roi_every_third") != 0;
  const std::vector<double>& expected = expected_.at(third ? "roi_every_third" : "roi_every_fifth");
  const int64_t step = third ? 3 : 5;
  // One intensity unit, after normalisation: what a value on either side of the truncation may differ by.
  float smallest = 1e9f, largest = -1e9f;
  for (float v : patch->values) {
    smallest = std::min(smallest, v);
    largest = std::max(largest, v);
  }
  EXPECT_NEAR(smallest, expected_.at("roi_mean_std_min_max")[2], 1e-3);
  EXPECT_NEAR(largest, expected_.at("roi_mean_std_min_max")[3], 1e-3);
  size_t n = 0, off = 0;
  double worst = 0;
  for (int64_t i = 0; i < kPatch; i += step) {
    for (int64_t j = 0; j < kPatch; j += step) {
      for (int64_t k = 0; k < kPatch; k += step, ++n) {
        const double difference = std::abs(patch->values[(i * kPatch + j) * kPatch + k] - expected.at(n));
        off += difference > 1e-3 ? 1 : 0;
        worst = std::max(worst, difference);
      }
    }
  }
  EXPECT_EQ(n, expected.size());
  EXPECT_LE(off, expected.size() / 1000);
  EXPECT_LT(worst, 0.1);
}

// How far a patch coordinate is from where nearest neighbour changes its mind.
double FromBoundary(double coordinate) {
  const double half = coordinate - 0.5;
  return std::abs(half - std::round(half));
}

TEST_P(ReferenceTest, MaskComesBackOntoTheVolumeAsTheReferences) {
  std::vector<uint8_t> bits(kPatch * kPatch * kPatch / 8);
  for (int64_t i = 0; i < kPatch; ++i) {
    for (int64_t j = 0; j < kPatch; ++j) {
      for (int64_t k = 0; k < kPatch; ++k) {
        const double a = (i - 64) / 22.0, b = (j - 61) / 14.0, c = (k - 66) / 30.0;
        const int64_t n = (i * kPatch + j) * kPatch + k;
        if (a * a + b * b + c * c <= 1) bits[n >> 3] |= 1u << (n & 7);
      }
    }
  }
  const RestoredMask restored = RestorePatchMask(bits, placement_, volume_.geometry());
  const std::vector<double>& expected = expected_.at("ellipsoid_back_zyx_bits");
  const Shape& shape = volume_.geometry().shape();
  ASSERT_EQ(restored.mask.bits().size(), expected.size());
  size_t wrong = 0, marked = 0;
  for (int64_t k = 0, n = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i, ++n) {
        const bool want = (static_cast<unsigned>(expected[n >> 3]) >> (n & 7) & 1) != 0;
        marked += want ? 1 : 0;
        if (restored.mask.at(i, j, k) == want) continue;
        const std::array<double, 3> p = SourceToPatch(
            placement_, {static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)});
        wrong += std::min({FromBoundary(p[0]), FromBoundary(p[1]), FromBoundary(p[2])}) > 1e-3 ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(marked, 0u);
}

INSTANTIATE_TEST_SUITE_P(Own, ReferenceTest,
                         testing::Values(Example{kOwn, "oblique_coronal"}, Example{kOwn, "float_reversed"},
                                         Example{kOwn, "fine_bytes"}),
                         [](const auto& info) { return std::string(info.param.name); });
INSTANTIATE_TEST_SUITE_P(Shared, ReferenceTest,
                         testing::Values(Example{kShared, "ct_axial"},
                                         Example{kShared, "mr_sagittal_oblique"},
                                         Example{kShared, "pet_coarse_border"}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace sgpsam
