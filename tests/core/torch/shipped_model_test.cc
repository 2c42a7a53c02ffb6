// What the masks of the model that ships keep to: their prompts, whatever they are, and the same place in the
// patient, however the volume is stored.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "core/base/random.h"
#include "core/looks/engine_patch_model.h"
#include "core/looks/target_segmenter.h"
#include "core/torch/torch_engine.h"
#include "tests/support/random_prompts.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

std::unique_ptr<TorchEngine> ShippedEngine() {
  const std::string file = std::string(SGPSAM_SOURCE_DIR) + "/deploy/models/sgpsam-lesions.safetensors";
  auto engine = TorchEngine::Create(file, {.device = "cpu", .precision = "fp32", .warm_up = false});
  EXPECT_TRUE(engine.ok()) << engine.status();
  return engine.ok() ? *std::move(engine) : nullptr;
}

TEST(ShippedModel, ObeysItsPrompts) {
  const std::unique_ptr<TorchEngine> engine = ShippedEngine();
  ASSERT_NE(engine, nullptr);
  // A bright ball of 24 mm in a dim, textured block.
  const Geometry geometry = TestGeometry({80, 80, 40}, {1, 1, 2});
  const Volume volume = TestVolume<int16_t>(geometry, [](int64_t i, int64_t j, int64_t k) {
    const double away = std::hypot(static_cast<double>(i) - 40, static_cast<double>(j) - 40,
                                   2 * (static_cast<double>(k) - 20));
    return 100 + static_cast<double>((i * 7 + j * 13 + k * 29) % 23) + (away < 12 ? 80 : 0);
  });
  EnginePatchModel model(*engine, volume);
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const Prompts prompts = RandomPrompts(random, {40, 40, 20}, 10);
    TargetOptions options;
    options.max_patches = 1;
    options.spacing_mm = 1.5;
    const auto found = SegmentTarget(geometry, prompts, options, model);
    ASSERT_TRUE(found.ok()) << found.status();
    ExpectObeyed(found->mask, prompts);
    if (testing::Test::HasFatalFailure()) return;
  }
}

// A dark lesion with a wavy outline and a soft rim in noisy tissue, given by where a point lies in the
// patient: the same samples, from whichever grid they are taken.
struct Tissue {
  double radius_mm = 0;

  // From 0 outside to 1 inside.
  double Inside(const WorldPoint& p) const {
    const double away = std::hypot(p.x, 1.2 * p.y, 0.9 * p.z);
    const double wave =
        1 + 0.12 * std::sin(0.5 + 3 * std::atan2(p.y, p.x)) * std::cos(2 * std::atan2(p.z, away));
    return std::clamp((wave * radius_mm - away) / 2 + 0.5, 0.0, 1.0);
  }
  double At(const WorldPoint& p) const { return 105 - 60 * Inside(p) + Noise(p); }

 private:
  // Of 12 HU. Grids have their samples at whole millimetres.
  static double Noise(const WorldPoint& p) {
    uint64_t place = 0;
    for (const double v : {p.x, p.y, p.z})
      place = 8192 * place + static_cast<uint64_t>(std::lround(v) + 4096);
    return 12 * Random(place).Normal();
  }
};

void ForEachVoxel(const Geometry& geometry,
                  const std::function<void(const VoxelIndex& at, const WorldPoint& p)>& call) {
  const Shape& shape = geometry.shape();
  for (int64_t n = 0; n < shape.voxels(); ++n) {
    const VoxelIndex at{static_cast<double>(n % shape.i), static_cast<double>(n / shape.i % shape.j),
                        static_cast<double>(n / shape.i / shape.j)};
    call(at, geometry.ToWorld(at));
  }
}

Volume Scan(const Tissue& tissue, const Geometry& geometry) {
  return TestVolume<int16_t>(geometry, [&](int64_t i, int64_t j, int64_t k) {
    return std::round(tissue.At(
        geometry.ToWorld({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)})));
  });
}

struct Found {
  Geometry geometry;
  Mask mask;
};

class SteadyMasksTest : public testing::TestWithParam<double> {
 protected:
  // The lesion lies at the world's origin.
  Found Segment(const Geometry& geometry, const WorldPoint& click) const {
    const Volume volume = Scan({GetParam()}, geometry);
    EnginePatchModel model(*engine_, volume);
    Prompts prompts;
    prompts.points = {{click, true}};
    const auto found = SegmentTarget(geometry, prompts, {}, model);
    EXPECT_TRUE(found.ok()) << found.status();
    return {geometry, found.ok() ? found->mask : Mask(geometry.shape())};
  }

  // Voxel by voxel of `a`, in the patient.
  static double DiceOf(const Found& a, const Found& b) {
    int64_t both = 0;
    ForEachVoxel(a.geometry, [&](const VoxelIndex& at, const WorldPoint& p) {
      const VoxelIndex there = b.geometry.ToVoxel(p);
      if (!b.geometry.Contains(there)) return;
      const bool in_a = a.mask.at(std::lround(at.i), std::lround(at.j), std::lround(at.k));
      both += in_a && b.mask.at(std::lround(there.i), std::lround(there.j), std::lround(there.k)) ? 1 : 0;
    });
    return 2 * static_cast<double>(both) / static_cast<double>(a.mask.CountVoxels() + b.mask.CountVoxels());
  }

  static Geometry Grid(const Shape& shape, const WorldPoint& first, const std::array<double, 3>& steps) {
    return SteppedGeometry(shape, {{{steps[0], 0, 0}, {0, steps[1], 0}, {0, 0, steps[2]}}}, first);
  }

  const Geometry whole_ = Grid({160, 150, 80}, {-80, -75, -80}, {1, 1, 2});
  const std::unique_ptr<TorchEngine> engine_ = ShippedEngine();
};

TEST_P(SteadyMasksTest, AreTheSameWithOneVoxelLessStoredTheOtherWayAndFromAClickBeside) {
  ASSERT_NE(engine_, nullptr);
  constexpr double kSame = 0.97;
  const Found found = Segment(whole_, {1, -1, 0});
  ASSERT_GT(found.mask.CountVoxels(), 0);
  EXPECT_GE(DiceOf(found, Segment(Grid({159, 149, 79}, {-79, -74, -78}, {1, 1, 2}), {1, -1, 0})), kSame);
  EXPECT_GE(DiceOf(found, Segment(Grid({160, 150, 80}, {79, 74, 78}, {-1, -1, -2}), {1, -1, 0})), kSame);
  for (const WorldPoint& beside : {WorldPoint{2, -1, 0}, WorldPoint{1, -2, 0}, WorldPoint{1, -1, 1}}) {
    EXPECT_GE(DiceOf(found, Segment(whole_, beside)), kSame)
        << beside.x << ' ' << beside.y << ' ' << beside.z;
  }
}

INSTANTIATE_TEST_SUITE_P(RadiiMm, SteadyMasksTest, testing::Values(5.0, 10.0, 20.0));

}  // namespace
}  // namespace sgpsam
