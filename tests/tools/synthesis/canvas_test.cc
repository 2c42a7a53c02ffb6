#include "tools/synthesis/canvas.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "tools/synthesis/raster.h"

namespace sgpsam::synthesis {
namespace {

constexpr float kBallOfOne = 4.1887902f;

View SmallView(const std::array<float, 3>& spacing_mm, const BodyPoint& first = {-20, -20, -20}) {
  return {{static_cast<int64_t>(40 / spacing_mm[0]), static_cast<int64_t>(40 / spacing_mm[1]),
           static_cast<int64_t>(40 / spacing_mm[2])},
          spacing_mm,
          first};
}

size_t Count(const Canvas& canvas, Structure structure) {
  return static_cast<size_t>(std::count(canvas.structures(), canvas.structures() + canvas.view().voxels(),
                                        static_cast<uint8_t>(structure)));
}

constexpr std::array<float, 3> kGrids[] = {
    {0.8f, 0.8f, 1}, {0.8f, 0.8f, 5}, {1.5f, 1.5f, 1.5f}, {2.8f, 2.8f, 4}};

Ellipsoid Ball(float radius) { return {{0.3f, -0.4f, 0.2f}, {radius, radius, radius}}; }

Raster RasterOfBall(const View& view, const Ellipsoid& ball) {
  return Rasterise(
      view, ball.bounds(), 1, [&](const BodyPoint& p) { return ball.Distance(p); },
      [](const BodyPoint&, float) { return 1.0f; });
}

// In HU, because a voxel is filled as far as it is covered, and in labels.
TEST(Canvas, ABallKeepsItsVolume) {
  for (const std::array<float, 3>& spacing : kGrids) {
    const float voxel = spacing[0] * spacing[1] * spacing[2];
    for (const float radius : {5.0f, 10.0f, 15.0f}) {
      Canvas canvas = Canvas::Create(SmallView(spacing)).value();
      const Ellipsoid ball = Ball(radius);
      canvas.Fill(ball.bounds(), [&](const BodyPoint& p) { return ball.Distance(p); },
                  {0, Structure::kLiver});
      float filled = 0;
      for (size_t n = 0; n < canvas.view().voxels(); ++n) filled += (canvas.hu()[n] + 1000) / 1000;
      const float expected = kBallOfOne * radius * radius * radius;
      EXPECT_NEAR(filled * voxel / expected, 1, 0.04) << radius << " mm, slices of " << spacing[2];
      if (radius < 2.5f * spacing[2]) continue;  // slices are too thick for labels to be right
      const auto labelled = static_cast<float>(RasterOfBall(canvas.view(), ball).labelled);
      EXPECT_NEAR(labelled * voxel / expected, 1, 0.03) << radius << " mm, slices of " << spacing[2];
      EXPECT_NEAR(static_cast<float>(Count(canvas, Structure::kLiver)), labelled, 0.04f * labelled);
    }
  }
}

float CoverageByBruteForce(const BodyPoint& middle, const std::array<float, 3>& spacing,
                           const Ellipsoid& ball) {
  constexpr int kFine = 12;
  const auto at = [](int m) { return (static_cast<float>(m) + 0.5f) / kFine - 0.5f; };
  int inside = 0;
  for (int n = 0; n < kFine * kFine * kFine; ++n) {
    const BodyPoint p = middle + BodyPoint{spacing[0] * at(n % kFine), spacing[1] * at(n / kFine % kFine),
                                           spacing[2] * at(n / kFine / kFine)};
    inside += Length(p - ball.centre) < ball.radii.x ? 1 : 0;
  }
  return static_cast<float>(inside) / (kFine * kFine * kFine);
}

TEST(Raster, LabelsWhatIsAtLeastHalfCovered) {
  for (const std::array<float, 3>& spacing : kGrids) {
    for (const float radius : {2.5f, 8.0f}) {
      const View view = SmallView(spacing);
      const Ellipsoid ball = Ball(radius);
      std::vector<bool> labelled(view.voxels());
      for (const RasterVoxel& voxel : RasterOfBall(view, ball).voxels) labelled[voxel.voxel] = voxel.labelled;
      for (int64_t k = 0; k < view.shape.k; ++k) {
        for (int64_t j = 0; j < view.shape.j; ++j) {
          for (int64_t i = 0; i < view.shape.i; ++i) {
            const float coverage = CoverageByBruteForce(view.At(i, j, k), spacing, ball);
            if (std::abs(coverage - 0.5f) < 0.07f) continue;  // too close to call with a few sub-voxels
            EXPECT_EQ(labelled[view.Offset(i, j, k)], coverage > 0.5f)
                << coverage << " at " << i << " " << j << " " << k;
          }
        }
      }
    }
  }
}

TEST(Canvas, FillsLayersFromTheOutsideInAndOnlyOverWhatItMay) {
  Canvas canvas = Canvas::Create(SmallView({1, 1, 1})).value();
  const Ellipsoid ball{{0, 0, 0}, {10, 10, 10}};
  const auto distance = [&](const BodyPoint& p) { return ball.Distance(p); };
  canvas.Fill(ball.bounds(), distance,
              {Layer{3, {-100, Structure::kFat}}, Layer{0, {60, Structure::kStomach}},
               Layer{-4, {10, Structure::kBowel}}});
  const auto at = [&](float x) { return canvas.view().Offset(static_cast<int64_t>(x) + 20, 20, 20); };
  EXPECT_FLOAT_EQ(canvas.hu()[at(0)], 10);
  EXPECT_FLOAT_EQ(canvas.hu()[at(8)], 60);
  EXPECT_FLOAT_EQ(canvas.hu()[at(-12)], -100);
  EXPECT_EQ(canvas.structures()[at(12)], static_cast<uint8_t>(Structure::kFat));
  EXPECT_FLOAT_EQ(canvas.hu()[at(15)], -1000);
  canvas.Fill(ball.bounds(), distance, {200, Structure::kLiver, {Structure::kStomach}});
  EXPECT_FLOAT_EQ(canvas.hu()[at(0)], 10);
  EXPECT_FLOAT_EQ(canvas.hu()[at(8)], 200);
  EXPECT_FLOAT_EQ(canvas.hu()[at(12)], -100);
}

TEST(Canvas, ClipsWhatReachesBeyondTheView) {
  Canvas canvas = Canvas::Create(SmallView({2, 2, 2}, {1, 1, 1})).value();
  const Ellipsoid ball{{0, 0, 0}, {12, 12, 12}};
  canvas.Fill(ball.bounds(), [&](const BodyPoint& p) { return ball.Distance(p); }, {0, Structure::kLiver});
  EXPECT_NEAR(static_cast<float>(Count(canvas, Structure::kLiver)) * 8, kBallOfOne * 12 * 12 * 12 / 8, 90);
  const Ellipsoid away{{-100, 300, 0}, {12, 12, 12}};
  const size_t before = Count(canvas, Structure::kOutside);
  canvas.Fill(away.bounds(), [&](const BodyPoint& p) { return away.Distance(p); }, {0, Structure::kLiver});
  EXPECT_EQ(Count(canvas, Structure::kOutside), before);
}

TEST(Raster, SaysWhatIsCoveredHowMuchAndWhereItIsDeepest) {
  const View view = SmallView({1, 1, 2});
  const Ellipsoid ball{{2, 0, 0}, {8, 8, 8}};
  const Raster raster = Rasterise(
      view, ball.bounds(), 2, [&](const BodyPoint& p) { return ball.Distance(p); },
      [](const BodyPoint&, float) { return 3.0f; });
  EXPECT_EQ(raster.deepest, view.Offset(22, 20, 10));
  EXPECT_NEAR(static_cast<float>(raster.labelled) * 2 / (kBallOfOne * 512), 1, 0.05);
  size_t labelled = 0;
  for (const RasterVoxel& voxel : raster.voxels) {
    labelled += voxel.labelled ? 1 : 0;
    EXPECT_TRUE(voxel.opacity > 0 && voxel.opacity <= 1.0001f);
    EXPECT_NEAR(voxel.strength, 3 * voxel.opacity, 1e-4);
    EXPECT_TRUE(!voxel.labelled || voxel.opacity > 0.3f);
  }
  EXPECT_EQ(labelled, raster.labelled);
}

}  // namespace
}  // namespace sgpsam::synthesis
