#include "core/transform/copy_logits.h"

#include <gtest/gtest.h>

#include "core/engine/engine.h"
#include "core/looks/mosaic.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

constexpr PatchSizes kSizes{.patch = 32, .embedding_channels = 4, .embedding_side = 2, .logits_side = 8};

std::vector<float> Numbered() {
  std::vector<float> values(8 * 8 * 8);
  for (size_t n = 0; n < values.size(); ++n) values[n] = static_cast<float>(n) - 255.5f;
  return values;
}

TEST(CopyLogits, CopiesCellsOntoCellsOfTheNextTileAndLeavesTheRest) {
  // A spacing whose ratio is no round number.
  const Geometry geometry = TestGeometry({300, 300, 300}, {0.7, 1.1, 1.3});
  const Placement first = PlaceAround(geometry, {150, 150, 150}, kSizes.patch, kUsualSpacingMm);
  const LogitsBox found = OnePatch(Numbered(), kSizes, first);
  std::vector<float> logits(8 * 8 * 8, 0.25f);
  const PatchMask inside = CopyLogits(found, PlaceTile(first, {1, 0, -1}), 8, logits);
  int64_t positive = 0;
  for (int64_t i = 0; i < 8; ++i) {
    for (int64_t j = 0; j < 8; ++j) {
      for (int64_t k = 0; k < 8; ++k) {
        const bool seen = i < 4 && k >= 4;
        const float expected = seen ? found.values[found.Offset(i + 4, j, k - 4)] : 0.25f;
        EXPECT_EQ(logits[(i * 8 + j) * 8 + k], expected) << i << " " << j << " " << k;
        EXPECT_EQ(inside.at(i, j, k), seen && expected > 0);
        positive += seen && expected > 0 ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(inside.count(), positive);
}

TEST(CopyLogits, InterpolatesOnAFinerGridOfAnObliqueVolume) {
  const Geometry geometry =
      SteppedGeometry({120, 140, 100}, {{{0, 1.1, 0.1}, {0.9, 0, 0.2}, {0.3, -0.4, 2}}});
  const Placement first = PlaceAround(geometry, {60, 70, 50}, kSizes.patch, kUsualSpacingMm);
  // A linear function of the place in the volume stays what it is.
  const auto linear = [&](const Placement& placement, int64_t i, int64_t j, int64_t k) {
    const auto centre = [](int64_t c) { return 4 * static_cast<double>(c) + 1.5; };
    const VoxelIndex at = PatchToSource(placement, {centre(i), centre(j), centre(k)});
    return 0.3 * at.i - 0.2 * at.j + 0.5 * at.k;
  };
  std::vector<float> values;
  for (int64_t n = 0; n < 512; ++n) {
    values.push_back(static_cast<float>(linear(first, n / 64, n / 8 % 8, n % 8)));
  }
  const Placement finer = PlaceAround(geometry, {61, 68, 51}, kSizes.patch, 0.6);
  std::vector<float> logits(512, -99.0f);
  CopyLogits(OnePatch(values, kSizes, first), finer, 8, logits);
  for (int64_t n = 0; n < 512; ++n) {
    EXPECT_NEAR(logits[n], linear(finer, n / 64, n / 8 % 8, n % 8), 1e-3) << n;
  }
}

TEST(CopyLogits, KnowsNothingOfCellsThatWereNotSeen) {
  const Geometry geometry = TestGeometry({300, 300, 300});
  const Placement first = PlaceAround(geometry, {150, 150, 150}, kSizes.patch, kUsualSpacingMm);
  LogitsBox found = OnePatch(std::vector<float>(512, 3.0f), kSizes, first);
  found.seen.assign(512, 0);
  std::vector<float> logits(512, 0.5f);
  EXPECT_EQ(CopyLogits(found, first, 8, logits).count(), 0);
  EXPECT_EQ(logits, std::vector<float>(512, 0.5f));
}

}  // namespace
}  // namespace sgpsam
