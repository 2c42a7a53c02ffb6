#include "tools/synthesis/shapes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace sgpsam::synthesis {
namespace {

using DistanceFunction = std::function<float(const BodyPoint&)>;

// On its way along a line through the surface, the distance is 0 where it changes sign, and right nearby.
void ExpectRightNearTheSurface(const DistanceFunction& distance, const BodyPoint& inside,
                               const BodyPoint& outside) {
  float low = 0, high = 1;
  for (int n = 0; n < 40; ++n) {
    const float middle = 0.5f * (low + high);
    (distance(Lerp(inside, outside, middle)) < 0 ? low : high) = middle;
  }
  const BodyPoint surface = Lerp(inside, outside, low);
  BodyPoint normal;
  for (const BodyPoint& axis : {BodyPoint{1, 0, 0}, BodyPoint{0, 1, 0}, BodyPoint{0, 0, 1}}) {
    normal = normal + axis * ((distance(surface + axis * 0.02f) - distance(surface - axis * 0.02f)) / 0.04f);
  }
  normal = normal * (1 / Length(normal));
  EXPECT_NEAR(distance(surface + normal * 0.5f), 0.5f, 0.06f);
  EXPECT_NEAR(distance(surface - normal * 0.5f), -0.5f, 0.06f);
}

TEST(Shapes, MeasureMillimetresNearTheirSurface) {
  Random random(5);
  for (int n = 0; n < 50; ++n) {
    const BodyPoint centre{3, -4, 5}, far = centre + random.Direction() * 60;
    const Ellipsoid ellipsoid{centre, {8, 14, 20}, RandomAxes(random)};
    ExpectRightNearTheSurface([&](const BodyPoint& p) { return ellipsoid.Distance(p); }, centre, far);
    const Capsule capsule{centre - BodyPoint{9, 0, 0}, centre + BodyPoint{9, 4, 0}, 6, 7};
    ExpectRightNearTheSurface([&](const BodyPoint& p) { return capsule.Distance(p); }, centre, far);
    const Pillar pillar(9, 12, 0.4f);
    ExpectRightNearTheSurface([&](const BodyPoint& p) { return pillar.Distance(p.x - 3, p.y + 4); }, centre,
                              {far.x, far.y + 30, 5});
  }
  const RoundedBox box{{1, 2, 3}, {10, 12, 14}, 3};
  EXPECT_FLOAT_EQ(box.Distance({1, 2, 3}), -10);
  EXPECT_FLOAT_EQ(box.Distance({13, 2, 3}), 2);
  EXPECT_FLOAT_EQ(box.Distance({1, 2, 17}), 0);
  EXPECT_GT(box.Distance({11, 14, 17}), 0) << "the corner is rounded off";
}

TEST(Shapes, NeverClaimToBeFartherAwayThanTheyAre) {
  Random random(6);
  const Ellipsoid ellipsoid{{0, 0, 0}, {10, 18, 26}, RandomAxes(random)};
  for (int n = 0; n < 20000; ++n) {
    const BodyPoint p = random.Direction() * random.Uniform(0, 40);
    const float here = ellipsoid.Distance(p), step = 0.7f * std::abs(here);
    const float there = ellipsoid.Distance(p + random.Direction() * step);
    EXPECT_GT(here * there, 0) << "the surface lies nearer than the distance divided by Canvas::kSteepest";
  }
}

TEST(Shapes, ATubeRunsThroughItsKnots) {
  const TubeKnot knots[] = {{{0, 0, 0}, 3}, {{10, 5, 0}, 4}, {{20, 0, 8}, 5}};
  const Tube tube = MakeTube(knots, 4);
  ASSERT_EQ(tube.size(), 8u);
  for (const TubeKnot& knot : knots) EXPECT_NEAR(Distance(tube, knot.at), -knot.radius, 0.1f);
  const Bounds bounds = BoundsOf(tube);
  EXPECT_LE(bounds.low.x, -3);
  EXPECT_GE(bounds.high.z, 13);
}

TEST(Shapes, AUnionHoldsBothAndAnIntersectionWhatBothHold) {
  EXPECT_FLOAT_EQ(SmoothUnion(-3, 5, 2), -3);
  EXPECT_LT(SmoothUnion(0, 0, 2), 0) << "the seam is filled";
  EXPECT_FLOAT_EQ(SmoothIntersection(-3, 5, 2), 5);
  EXPECT_GT(SmoothIntersection(0, 0, 2), 0) << "the edge is rounded off";
}

}  // namespace
}  // namespace sgpsam::synthesis
