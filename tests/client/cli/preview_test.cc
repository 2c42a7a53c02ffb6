// The preview's picture: where things are drawn, not how pretty.
#include <gtest/gtest.h>

#include "client/cli/preview/panels.h"
#include "client/cli/preview/scene.h"
#include "client/cli/preview/window.h"
#include "core/picture/picture.h"

namespace sgpsam::cli {
namespace {

// A cube of 100 mm with HU 0; its first half along x is brighter.
Scene Cube(const std::string& modality) {
  constexpr int64_t kSize = 50;
  const Geometry geometry =
      *Geometry::Create({kSize, kSize, kSize}, {1, 1, 1}, {{{2, 0, 0}, {0, 2, 0}, {0, 0, 2}}});
  ByteBuffer bytes = *ByteBuffer::Zeroed(static_cast<size_t>(geometry.shape().voxels()) * 2);
  auto* samples = reinterpret_cast<int16_t*>(bytes.data());
  for (int64_t n = 0; n < geometry.shape().voxels(); ++n) samples[n] = n % kSize < kSize / 2 ? 200 : 0;
  return {*Volume::Create(geometry, SampleType::kInt16, std::move(bytes)), modality, {}, {}};
}

DrawnSegment BallAt(const Scene& scene, int64_t i, int64_t j, int64_t k, int64_t radius) {
  Mask mask(scene.volume.geometry().shape());
  for (int64_t a = -radius; a <= radius; ++a) {
    for (int64_t b = -radius; b <= radius; ++b) {
      for (int64_t c = -radius; c <= radius; ++c) {
        if (a * a + b * b + c * c <= radius * radius) mask.Set(i + a, j + b, k + c);
      }
    }
  }
  return {1, "", {255, 0, 0}, std::move(mask)};
}

bool IsRed(const Rgb& pixel) { return pixel[0] > 150 && pixel[1] < 100 && pixel[2] < 100; }

// Red pixels in columns [begin, end).
int CountRed(const Picture& picture, int begin, int end) {
  int count = 0;
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = begin; x < end; ++x) count += IsRed(picture.at(x, y));
  }
  return count;
}

TEST(Panels, ShowThePatientsRightOnTheLeft) {
  const Picture picture = DrawPanels(Cube("CT"));
  ASSERT_EQ(picture.height(), 480);
  ASSERT_EQ(picture.width(), 3 * 480 + 2 * 4);
  EXPECT_GT(picture.at(120, 200)[0], picture.at(360, 200)[0]);  // low x is the patient's right, and brighter
}

TEST(Panels, OutlineTheSegmentInAllThreePlanes) {
  Scene scene = Cube("CT");
  scene.segments.push_back(BallAt(scene, 35, 25, 25, 8));
  const Picture picture = DrawPanels(scene);
  for (int panel = 0; panel < 3; ++panel)
    EXPECT_GT(CountRed(picture, panel * 484, panel * 484 + 480), 200) << panel;
  EXPECT_EQ(CountRed(picture, 0, 240), 0) << "the ball lies in the patient's left half";
}

TEST(Panels, HaveTheHeadUpAndTheFrontUp) {
  Scene scene = Cube("CT");
  scene.segments.push_back(BallAt(scene, 25, 10, 40, 5));  // in front, towards the head
  const Picture picture = DrawPanels(scene);
  int axial_upper = 0, coronal_upper = 0;
  for (int y = 0; y < 240; ++y) {
    for (int x = 0; x < 480; ++x) {
      axial_upper += IsRed(picture.at(x, y));
      coronal_upper += IsRed(picture.at(484 + x, y));
    }
  }
  EXPECT_EQ(axial_upper, CountRed(picture, 0, 480));
  EXPECT_EQ(coronal_upper, CountRed(picture, 484, 964));
  EXPECT_GT(axial_upper, 100);
  EXPECT_GT(coronal_upper, 100);
}

TEST(Panels, AreDrawnWithoutSegmentsToo) { EXPECT_EQ(CountRed(DrawPanels(Cube("MR")), 0, 1448), 0); }

TEST(Window, FollowsTheModalityAndWhatIsSegmented) {
  Scene scene = Cube("CT");
  EXPECT_EQ(ChooseWindow(scene).low, -160);
  scene.segments.push_back(BallAt(scene, 10, 25, 25, 3));
  EXPECT_EQ(ChooseWindow(scene).low, -160);
  EXPECT_EQ(ChooseWindow(Cube("MR")).high, 200);
  EXPECT_TRUE(ChooseWindow(Cube("PT")).inverted);
}

TEST(Window, SurvivesAConstantVolume) {
  const Geometry geometry = *Geometry::Create({2, 2, 2}, {0, 0, 0}, {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}});
  const Scene scene{*Volume::Create(geometry, SampleType::kUint8, *ByteBuffer::Zeroed(8)), "MR", {}, {}};
  const Window window = ChooseWindow(scene);
  EXPECT_GT(window.high, window.low);
  EXPECT_EQ(window.Gray(0), 0);
}

}  // namespace
}  // namespace sgpsam::cli
