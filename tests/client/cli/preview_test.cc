// The preview's picture: where things are drawn, not how pretty.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "client/cli/preview/contours.h"
#include "client/cli/preview/panels.h"
#include "client/cli/preview/planes.h"
#include "client/cli/preview/scene.h"
#include "client/cli/preview/window.h"
#include "client/picture/picture.h"

namespace sgpsam::cli {
namespace {

using ::testing::HasSubstr;

constexpr int kPanelStep = 528, kPanelLeft = 22, kPanelTop = 30;  // of the halved picture

// A cube of 100 mm with HU 0; its first half along x is brighter.
Scene Cube(const std::string& modality) {
  constexpr int64_t kSize = 50;
  const Geometry geometry =
      *Geometry::Create({kSize, kSize, kSize}, {1, 1, 1}, {{{2, 0, 0}, {0, 2, 0}, {0, 0, 2}}});
  ByteBuffer bytes = *ByteBuffer::Zeroed(static_cast<size_t>(geometry.shape().voxels()) * 2);
  auto* samples = reinterpret_cast<int16_t*>(bytes.data());
  for (int64_t n = 0; n < geometry.shape().voxels(); ++n) samples[n] = n % kSize < kSize / 2 ? 200 : 0;
  return {*Volume::Create(geometry, SampleType::kInt16, std::move(bytes)), modality, {}, {}, {}};
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

bool IsRed(const Rgb& pixel) { return pixel[0] > 100 && pixel[1] < 100 && pixel[2] < 100; }
bool IsWhite(const Rgb& pixel) { return std::min({pixel[0], pixel[1], pixel[2]}) > 235; }

struct Part {  // of a plane's image, in its own pixels
  int plane, left = 0, right = kPanelPixels, top = 0, bottom = kPanelPixels;
};

template <typename Is>
int Count(const Picture& picture, const Part& part, Is is) {
  int count = 0;
  const int x0 = part.plane * kPanelStep + kPanelLeft;
  for (int y = part.top; y < part.bottom; ++y) {
    for (int x = part.left; x < part.right; ++x) count += is(picture.at(x0 + x, kPanelTop + y));
  }
  return count;
}

TEST(Panels, ShowThePatientsRightOnTheLeft) {
  const Picture picture = DrawPanels(Cube("CT"));
  ASSERT_EQ(picture.width(), 2 * kPanelStep + kPanelPixels + 2 * kPanelLeft);
  // Low x is the patient's right, and brighter.
  EXPECT_GT(picture.at(kPanelLeft + 120, 230)[0], picture.at(kPanelLeft + 360, 230)[0]);
}

TEST(Panels, OutlineTheSegmentInAllThreePlanes) {
  Scene scene = Cube("CT");
  scene.segments.push_back(BallAt(scene, 35, 25, 25, 8));
  const Picture picture = DrawPanels(scene);
  for (int plane = 0; plane < 3; ++plane) EXPECT_GT(Count(picture, {plane}, IsRed), 150) << plane;
  EXPECT_EQ(Count(picture, {.plane = 0, .right = 240}, IsRed), 0)
      << "the ball lies in the patient's left half";
}

TEST(Panels, LeaveTheInsideAsItIsUnlessAsked) {
  Scene scene = Cube("CT");
  const Picture bare = DrawPanels(scene);
  scene.segments.push_back(BallAt(scene, 35, 25, 25, 8));
  // The ball's middle, 10 voxels of 2 mm from the cube's: a panel shows 100 mm.
  const int x = kPanelLeft + 240 + 96, y = kPanelTop + 240;
  EXPECT_EQ(DrawPanels(scene).at(x, y), bare.at(x, y));
  EXPECT_NE(DrawPanels(scene, 0.5).at(x, y), bare.at(x, y));
}

TEST(Panels, HaveTheHeadUpAndTheFrontUp) {
  Scene scene = Cube("CT");
  scene.segments.push_back(BallAt(scene, 25, 10, 40, 5));  // in front, towards the head
  const Picture picture = DrawPanels(scene);
  for (int plane = 0; plane < 2; ++plane) {
    const int upper = Count(picture, {.plane = plane, .bottom = 240}, IsRed);
    EXPECT_GT(upper, 80);
    EXPECT_EQ(upper, Count(picture, {plane}, IsRed));
  }
}

TEST(Panels, AreDrawnWithoutSegmentsToo) {
  const Picture picture = DrawPanels(Cube("MR"));
  for (int plane = 0; plane < 3; ++plane) EXPECT_EQ(Count(picture, {plane}, IsRed), 0);
}

TEST(Panels, ShowAClickInEveryPlaneAndGoThroughIt) {
  Scene scene = Cube("CT");
  scene.segments.push_back(BallAt(scene, 35, 25, 25, 8));
  scene.clicks = {{{1 + 2 * 30, 1 + 2 * 20, 1 + 2 * 29}, true}};
  const Picture picture = DrawPanels(scene);
  // Where the click lies in each plane: a panel shows 100 mm around 50, 50, 50.
  const int at[3][2] = {{61, 41}, {61, 100 - 59}, {41, 100 - 59}};
  for (int plane = 0; plane < 3; ++plane) {
    const int x = static_cast<int>(at[plane][0] * 4.8), y = static_cast<int>(at[plane][1] * 4.8);
    const Part around{plane, x - 12, x + 12, y - 12, y + 12};
    EXPECT_GT(Count(picture, around, IsWhite), 10) << plane;
    EXPECT_EQ(Count(picture, {plane}, IsWhite), Count(picture, around, IsWhite)) << plane;
  }
  scene.clicks.push_back({{11, 11, 11}, false});  // lies in none of these planes
  EXPECT_EQ(Count(DrawPanels(scene), {0}, IsWhite), Count(picture, {0}, IsWhite));
}

TEST(Panels, NameEverySegmentWithItsVolume) {
  Scene scene = Cube("CT");
  DrawnSegment ball = BallAt(scene, 35, 25, 25, 8);
  ball.number = 3;
  EXPECT_EQ(DescribeSegment(ball, scene.volume.geometry()), "Segment 3, 16.9 ml");  // 2109 voxels of 8 mm3
  ball.label = "L\u00e4sion";
  EXPECT_THAT(DescribeSegment(ball, scene.volume.geometry()), HasSubstr("L\u00e4sion, "));
  const Picture without = DrawPanels(scene);
  scene.segments.push_back(std::move(ball));
  const Picture with = DrawPanels(scene);
  ASSERT_EQ(with.height(), without.height());
  // Its colour below the planes.
  bool found = false;
  for (int x = 0; x < with.width(); ++x) found = found || with.at(x, with.height() - 20) == Rgb{255, 0, 0};
  EXPECT_TRUE(found);
}

TEST(Views, NumberTheSliceThatTheyLieIn) {
  Scene scene = Cube("CT");
  scene.segments.push_back(BallAt(scene, 35, 20, 10, 3));
  const Views views = ChooseViews(scene, 100);
  EXPECT_EQ(views.slice[0]->number, 11);  // k = 10, counted from 1
  EXPECT_EQ(views.slice[1]->number, 21);
  EXPECT_EQ(views.slice[2]->number, 36);
  EXPECT_EQ(views.slice[0]->of, 50);
  EXPECT_DOUBLE_EQ(views.of_plane[0].middle[2], 1 + 2 * 10);
}

TEST(Views, NumberNoSliceOfATurnedStack) {
  const double c = std::cos(0.1), s = std::sin(0.1);
  const Geometry turned = *Geometry::Create({20, 20, 20}, {0, 0, 0}, {{{1, 0, 0}, {0, c, s}, {0, -s, c}}});
  const Scene scene{*Volume::Create(turned, SampleType::kUint8, *ByteBuffer::Zeroed(8000)), "MR", {}, {}, {}};
  const Views views = ChooseViews(scene, 100);
  EXPECT_FALSE(views.slice[0].has_value());
  EXPECT_FALSE(views.slice[1].has_value());
  EXPECT_TRUE(views.slice[2].has_value());
}

PlaneSamples Samples(const std::vector<std::string>& rows) {
  PlaneSamples samples{static_cast<int>(rows[0].size()), static_cast<int>(rows.size()), {}};
  for (const std::string& row : rows) {
    for (const char c : row) samples.values.push_back(c == '#' ? 1.0f : 0.0f);
  }
  return samples;
}

// Enclosed by the contour, by the shoelace formula; holes count against what is around them.
double Area(const std::vector<Contour>& contours) {
  double area = 0;
  for (const Contour& contour : contours) {
    for (size_t n = 0; n < contour.size(); ++n) {
      const Picture::Point &a = contour[n], &b = contour[(n + 1) % contour.size()];
      area += (a.x * b.y - b.x * a.y) / 2;
    }
  }
  return std::abs(area);
}

TEST(Contours, LoseNoIslandAndNoHole) {
  EXPECT_EQ(FindContours(Samples({"....", "....", "...."})).size(), 0u);
  EXPECT_EQ(FindContours(Samples({"....", ".#..", "...."})).size(), 1u);
  EXPECT_EQ(FindContours(Samples({"#..#", "....", "..#."})).size(), 3u);
  EXPECT_EQ(FindContours(Samples({"#.", ".#"})).size(), 2u);
  EXPECT_EQ(FindContours(Samples({".#", "#."})).size(), 2u);
  EXPECT_EQ(FindContours(Samples({"#####", "#...#", "#####"})).size(), 2u);
  EXPECT_EQ(FindContours(Samples({"##", "##"})).size(), 1u) << "at the border of the plane";
}

TEST(Contours, EncloseWhatIsMarked) {
  std::vector<std::string> rows(41, std::string(41, '.'));
  int marked = 0;
  for (int y = 0; y < 41; ++y) {
    for (int x = 0; x < 41; ++x) {
      if (std::hypot(x - 20, y - 20) > 15 || std::hypot(x - 20, y - 20) < 5) continue;
      rows[static_cast<size_t>(y)][static_cast<size_t>(x)] = '#';
      ++marked;
    }
  }
  const std::vector<Contour> contours = FindContours(Samples(rows));
  ASSERT_EQ(contours.size(), 2u);
  EXPECT_NEAR(Area(contours), marked, 0.02 * marked);
  // Smooth: no corner is sharper than 30 degrees.
  for (const Contour& contour : contours) {
    for (size_t n = 0; n < contour.size(); ++n) {
      const Picture::Point &a = contour[n], &b = contour[(n + 1) % contour.size()],
                           &c = contour[(n + 2) % contour.size()];
      const double turn = std::atan2((b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x),
                                     (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y));
      EXPECT_LT(std::abs(turn), M_PI / 6);
    }
  }
}

TEST(Window, FollowsTheModalityAndWhatIsSegmented) {
  Scene scene = Cube("CT");
  EXPECT_EQ(ChooseWindow(scene).low, -160);
  scene.segments.push_back(BallAt(scene, 10, 25, 25, 3));
  EXPECT_EQ(ChooseWindow(scene).low, -160);
  EXPECT_EQ(ChooseWindow(Cube("MR")).high, 200);
  EXPECT_TRUE(ChooseWindow(Cube("PT")).inverted);
}

TEST(Window, IsSaidAsViewersSayIt) {
  EXPECT_EQ(DescribeWindow(ChooseWindow(Cube("CT"))), "W 400 L 40 HU");
  EXPECT_EQ(DescribeWindow(ChooseWindow(Cube("MR"))), "W 200 L 100");
  EXPECT_EQ(DescribeWindow(ChooseWindow(Cube("PT"))), "0 to 200, dark is high");
}

TEST(Window, SurvivesAConstantVolume) {
  const Geometry geometry = *Geometry::Create({2, 2, 2}, {0, 0, 0}, {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}});
  const Scene scene{*Volume::Create(geometry, SampleType::kUint8, *ByteBuffer::Zeroed(8)), "MR", {}, {}, {}};
  const Window window = ChooseWindow(scene);
  EXPECT_GT(window.high, window.low);
  EXPECT_EQ(window.Gray(0), 0);
}

}  // namespace
}  // namespace sgpsam::cli
