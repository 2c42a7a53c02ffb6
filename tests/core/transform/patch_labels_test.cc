#include "core/transform/patch_labels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/engine/engine.h"
#include "core/transform/restore.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

constexpr int64_t kPatch = 16;

// Three labels and background without any symmetry.
double Label(int64_t i, int64_t j, int64_t k) {
  return static_cast<double>((i / 3 + 2 * (j / 2) + 3 * (k / 4)) % 4);
}

// Axes in another order, two of them against the patient's.
Geometry TurnedGeometry() {
  return SteppedGeometry({17, 23, 11}, {{{0, 0, -2}, {1.1, 0, 0}, {0, -1.7, 0}}}, {5, 6, 7});
}

Geometry ObliqueGeometry() {
  return SteppedGeometry({14, 15, 13}, {{{1.2, 0.3, 0}, {-0.3, 1.2, 0}, {0, 0, 1.9}}}, {-4, 3, 2});
}

// Voxel by voxel from the promise: the label of the volume's voxel that is nearest to the patch's.
Mask Plain(const Volume& labels, double label, const Placement& placement) {
  const Shape& shape = labels.geometry().shape();
  const auto outside = [](int64_t voxel, int64_t size) { return voxel < 0 || voxel >= size; };
  Mask mask(Shape{kPatch, kPatch, kPatch});
  for (int64_t n = 0; n < kPatch * kPatch * kPatch; ++n) {
    const std::array<int64_t, 3> voxel{n % kPatch, n / kPatch % kPatch, n / kPatch / kPatch};
    bool in_grid = true;
    for (int axis = 0; axis < 3; ++axis) {
      in_grid = in_grid && !outside(placement.begin[axis] + voxel[axis], placement.grid.shape[axis]);
    }
    const VoxelIndex source = PatchToSource(
        placement,
        {static_cast<double>(voxel[0]), static_cast<double>(voxel[1]), static_cast<double>(voxel[2])});
    const auto nearest = [](double x) { return static_cast<int64_t>(std::floor(x + 0.5 + 1e-6)); };
    const int64_t i = nearest(source.i), j = nearest(source.j), k = nearest(source.k);
    if (!in_grid || outside(i, shape.i) || outside(j, shape.j) || outside(k, shape.k)) continue;
    if (labels.at(i, j, k) == label) mask.Set(voxel[0], voxel[1], voxel[2]);
  }
  return mask;
}

TEST(PatchLabels, AreThoseOfTheNearestVoxels) {
  for (const Geometry& geometry : {TestGeometry({20, 20, 20}), TestGeometry({40, 33, 9}, {0.7, 0.9, 3.1}),
                                   TurnedGeometry(), ObliqueGeometry()}) {
    const Volume labels = TestVolume<uint16_t>(geometry, Label);
    for (const double spacing : {1.0, 1.5, 2.3}) {
      const Placement placement = PlaceAround(geometry, {8, 9, 4}, kPatch, spacing);
      for (const double label : {1.0, 3.0}) {
        const Mask mask = PatchLabels(labels, label, placement);
        EXPECT_GT(mask.CountVoxels(), 0u);
        EXPECT_EQ(mask.bits(), Plain(labels, label, placement).bits());
      }
    }
  }
}

TEST(PatchLabels, TakeTheUpperOfTwoVoxelsThatAreEquallyNear) {
  // A patch voxel of 1.5 mm covers two of 0.75 mm and lies half-way between them.
  const Geometry geometry = SteppedGeometry({32, 32, 32}, {{{-0.75, 0, 0}, {0, -0.75, 0}, {0, 0, 0.75}}});
  const Volume odd = TestVolume<uint8_t>(geometry, [](int64_t i, int64_t, int64_t) { return i % 2; });
  EXPECT_EQ(PatchLabels(odd, 1, PlaceAtBegin(geometry, {0, 0, 0}, kPatch, kUsualSpacingMm)).CountVoxels(),
            4096u);
}

TEST(PatchLabels, AreNothingOutsideTheVolume) {
  const Geometry geometry = TestGeometry({5, 6, 7});
  const Volume full = TestVolume<uint8_t>(geometry, [](int64_t, int64_t, int64_t) { return 1; });
  const Mask mask = PatchLabels(full, 1, PlaceAround(geometry, {2, 3, 3}, kPatch, kUsualSpacingMm));
  EXPECT_EQ(mask.shape(), (Shape{kPatch, kPatch, kPatch}));
  EXPECT_EQ(mask.CountVoxels(), 5u * 6 * 7);
  EXPECT_EQ(PatchLabels(full, 0, PlaceAround(geometry, {2, 3, 3}, kPatch, kUsualSpacingMm)).CountVoxels(),
            0u);
  EXPECT_EQ(PatchLabels(full, 1, PlaceAtBegin(geometry, {100, 0, 0}, kPatch, kUsualSpacingMm)).CountVoxels(),
            0u);
  EXPECT_EQ(PatchLabels(full, 1, PlaceAtBegin(geometry, {-100, 0, 0}, kPatch, kUsualSpacingMm)).CountVoxels(),
            0u);
}

TEST(PatchLabels, AreReadFromSamplesOfAnyType) {
  const Geometry geometry = TestGeometry({20, 20, 20});
  const Placement placement = PlaceAround(geometry, {8, 9, 4}, kPatch, kUsualSpacingMm);
  const Mask expected = PatchLabels(TestVolume<uint16_t>(geometry, Label), 2, placement);
  EXPECT_EQ(PatchLabels(TestVolume<int8_t>(geometry, Label), 2, placement).bits(), expected.bits());
  EXPECT_EQ(PatchLabels(TestVolume<int32_t>(geometry, Label), 2, placement).bits(), expected.bits());
  EXPECT_EQ(PatchLabels(TestVolume<double>(geometry, Label), 2, placement).bits(), expected.bits());
}

// The way back is the server's: what training calls the truth is what an answer would have to be.
TEST(PatchLabels, ComeBackToTheVolumeWhereBothGridsAreEquallyFine) {
  for (const Geometry& geometry :
       {TestGeometry({14, 12, 10}),
        SteppedGeometry({14, 12, 10}, {{{0, 0, -1.5}, {1.5, 0, 0}, {0, -1.5, 0}}})}) {
    const Volume labels = TestVolume<uint8_t>(geometry, Label);
    const Placement placement = PlaceAround(geometry, {7, 6, 5}, kPatch, kUsualSpacingMm);
    const Mask patch = PatchLabels(labels, 3, placement);
    std::vector<uint8_t> bits(kPatch * kPatch * kPatch / 8, 0);
    for (int64_t n = 0; n < kPatch * kPatch * kPatch; ++n) {  // k is fastest there
      if (patch.at(n / kPatch / kPatch, n / kPatch % kPatch, n % kPatch)) bits[n >> 3] |= 1 << (n & 7);
    }
    const Mask restored = RestorePatchMask(bits, placement, geometry).mask;
    for (int64_t n = 0; n < geometry.shape().voxels(); ++n) {
      const int64_t i = n % 14, j = n / 14 % 12, k = n / 14 / 12;
      EXPECT_EQ(restored.at(i, j, k), Label(i, j, k) == 3) << i << " " << j << " " << k;
    }
  }
}

}  // namespace
}  // namespace sgpsam
