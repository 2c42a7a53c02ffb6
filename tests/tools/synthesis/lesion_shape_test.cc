#include "tools/synthesis/lesion_shape.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sgpsam::synthesis {
namespace {

struct Measured {
  double volume = 0, strength = 0;  // mm^3, mean
  float farthest = 0;
};

Measured Measure(const LesionShape& shape) {
  Measured measured;
  const float reach = shape.reach_mm(), step = reach / 40;
  size_t inside = 0;
  for (float z = -reach; z <= reach; z += step) {
    for (float y = -reach; y <= reach; y += step) {
      for (float x = -reach; x <= reach; x += step) {
        const BodyPoint p{x, y, z};
        const float distance = shape.Distance(p);
        if (distance > 0) continue;
        ++inside;
        measured.farthest = std::max(measured.farthest, Length(p));
        measured.strength += std::min(1.0f, 0.5f - distance / shape.edge_mm()) * shape.Strength(p, distance);
      }
    }
  }
  measured.volume = static_cast<double>(inside) * step * step * step;
  measured.strength /= static_cast<double>(inside);
  return measured;
}

TEST(LesionShape, HasTheVolumeOfItsDiameterAndTheContrastThatIsAsked) {
  for (const float diameter : {4.0f, 9.0f, 30.0f, 60.0f}) {
    for (uint64_t seed = 0; seed < 12; ++seed) {
      const LesionShape shape(diameter, seed % 2 == 0 ? -40 : 40, Random(seed));
      const Measured measured = Measure(shape);
      EXPECT_NEAR(std::cbrt(6 / M_PI * measured.volume) / diameter, 1, 0.03) << seed;
      EXPECT_NEAR(measured.strength, 1, 0.06) << seed;
      EXPECT_LE(measured.farthest, shape.reach_mm());
      EXPECT_GE(shape.samples().size(), 100u);
      for (const BodyPoint& p : shape.samples()) EXPECT_LT(shape.Distance(p), 0.01f * diameter);
    }
  }
}

TEST(LesionShape, IsIrregularAndNeverTheSame) {
  double spread = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const LesionShape shape(20, -40, Random(seed));
    Random random(1);
    float nearest = 1e9f, farthest = 0;
    for (int n = 0; n < 200; ++n) {
      const BodyPoint direction = random.Direction();
      float r = 1;
      while (shape.Distance(direction * r) < 0) r += 0.25f;
      nearest = std::min(nearest, r);
      farthest = std::max(farthest, r);
    }
    spread += farthest / nearest / 20;
    EXPECT_GT(farthest / nearest, 1.05f) << seed;
  }
  EXPECT_GT(spread, 1.4) << "outlines are balls";
  EXPECT_NE(LesionShape(20, -40, Random(1)).Distance({9, 0, 0}),
            LesionShape(20, -40, Random(2)).Distance({9, 0, 0}));
}

}  // namespace
}  // namespace sgpsam::synthesis
