#include "tools/synthesis/scan.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sgpsam::synthesis {
namespace {

// A block of tissue deep inside a body.
Canvas Block(float hu) {
  Canvas canvas = Canvas::Create({{64, 64, 12}, {0.8f, 0.8f, 2}, {-25, -25, 0}}).value();
  std::fill(canvas.hu(), canvas.hu() + canvas.view().voxels(), hu);
  return canvas;
}

struct Statistics {
  double mean = 0, deviation = 0;
  double beside = 0;  // correlation with the next voxel of the row
};

Statistics Measure(const Canvas& canvas, const ScanSettings& settings, uint64_t seed = 1) {
  const Torso torso(Random(5));
  const ByteBuffer samples = Scan(canvas, torso, settings, Random(seed)).value();
  const auto* hu = reinterpret_cast<const int16_t*>(samples.data());
  const size_t voxels = canvas.view().voxels();
  Statistics s;
  for (size_t n = 0; n < voxels; ++n) s.mean += hu[n];
  s.mean /= static_cast<double>(voxels);
  for (size_t n = 0; n + 1 < voxels; ++n) {
    s.deviation += (hu[n] - s.mean) * (hu[n] - s.mean);
    s.beside += (hu[n] - s.mean) * (hu[n + 1] - s.mean);
  }
  s.beside /= s.deviation;
  s.deviation = std::sqrt(s.deviation / static_cast<double>(voxels));
  return s;
}

ScanSettings Quiet() {
  ScanSettings settings;
  settings.shading_hu = settings.cupping_hu = 0;
  return settings;
}

TEST(Scan, HasTheNoiseThatIsAsked) {
  for (const float noise : {0.0f, 6.0f, 25.0f}) {
    for (const float sharpness : {0.0f, 0.8f}) {
      ScanSettings settings = Quiet();
      settings.noise_hu = noise;
      settings.sharpness = sharpness;
      const Statistics s = Measure(Block(100), settings);
      EXPECT_NEAR(s.deviation, noise, 0.04 * noise + 0.05);
      EXPECT_NEAR(s.mean, 100, 0.05 * noise + 0.01);
    }
  }
}

TEST(Scan, NoiseHasAGrainThatTheKernelSets) {
  ScanSettings smooth = Quiet(), sharp = Quiet();
  smooth.grain_mm = 1;
  smooth.sharpness = 0;
  sharp.grain_mm = 0.45f;
  sharp.sharpness = 0.9f;
  EXPECT_GT(Measure(Block(0), smooth).beside, 0.6);
  EXPECT_LT(Measure(Block(0), sharp).beside, 0.4);
  EXPECT_NE(Measure(Block(0), sharp, 1).mean, Measure(Block(0), sharp, 2).mean);
}

TEST(Scan, BlursEdgesAndKeepsWhatIsFlat) {
  Canvas canvas = Block(0);
  const View view = canvas.view();
  for (size_t n = 0; n < view.voxels(); ++n) canvas.hu()[n] = n % 64 < 32 ? 0 : 100;
  ScanSettings settings = Quiet();
  settings.noise_hu = 0;
  settings.blur_mm = 0.7f;
  const ByteBuffer samples = Scan(canvas, Torso(Random(5)), settings, Random(1)).value();
  const auto* row = reinterpret_cast<const int16_t*>(samples.data()) + view.Offset(0, 30, 5);
  EXPECT_EQ(row[0], 0);
  EXPECT_EQ(row[63], 100);
  EXPECT_GT(row[31], 10);
  EXPECT_LT(row[32], 90);
  EXPECT_NEAR(row[31] + row[32], 100, 1);
}

TEST(Scan, StaysWithinTwelveBits) {
  ScanSettings settings = Quiet();
  settings.noise_hu = 200;
  const ByteBuffer samples = Scan(Block(3000), Torso(Random(5)), settings, Random(1)).value();
  const auto* hu = reinterpret_cast<const int16_t*>(samples.data());
  EXPECT_EQ(*std::max_element(hu, hu + 64 * 64 * 12), 3071);
}

}  // namespace
}  // namespace sgpsam::synthesis
