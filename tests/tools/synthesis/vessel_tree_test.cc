#include "tools/synthesis/vessel_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sgpsam::synthesis {
namespace {

std::vector<BodyPoint> Targets(int count) {
  Random random(2);
  std::vector<BodyPoint> targets;
  for (int n = 0; n < count; ++n)
    targets.push_back(BodyPoint{0, 0, 60} + random.Direction() * random.Uniform(5, 40));
  return targets;
}

TEST(VesselTree, ReachesEveryTargetFromTheRootWithoutAGap) {
  const std::vector<BodyPoint> targets = Targets(30);
  const Tube tree = GrowVesselTree({0, 0, 0}, 6, targets, Random(1));
  EXPECT_FLOAT_EQ(tree.front().from_radius, 6);
  for (const BodyPoint& target : targets) {
    EXPECT_TRUE(std::any_of(tree.begin(), tree.end(),
                            [&](const Capsule& v) { return Length(v.to - target) < 1e-3f; }));
  }
  for (size_t n = 1; n < tree.size(); ++n) {
    EXPECT_TRUE(std::any_of(tree.begin(), tree.begin() + n,
                            [&](const Capsule& v) { return Length(v.to - tree[n].from) < 1e-3f; }));
    EXPECT_LE(tree[n].to_radius, 6);
    EXPECT_GT(tree[n].to_radius, 0.5f);
  }
}

TEST(VesselTree, KeepsTheFlowAtEveryFork) {
  const Tube tree = GrowVesselTree({0, 0, 0}, 6, Targets(30), Random(1));
  int forks = 0;
  for (const Capsule& parent : tree) {
    float cubes = 0;
    int children = 0;
    for (const Capsule& child : tree) {
      if (&child == &parent || Length(child.from - parent.to) > 1e-3f) continue;
      cubes += child.from_radius * child.from_radius * child.from_radius;
      ++children;
    }
    if (children < 2) continue;
    ++forks;
    EXPECT_NEAR(std::cbrt(cubes), parent.to_radius, 0.02f * parent.to_radius);
  }
  EXPECT_EQ(forks, 29);
}

TEST(VesselTree, PushedVesselsLeaveTheBallFreeAndFarOnesStay) {
  Tube vessels = {
      {{-40, 1, 0}, {-20, 1, 0}, 1, 1}, {{-4, 1, 0}, {4, 1, 0}, 1, 1}, {{90, 0, 0}, {99, 0, 0}, 1, 1}};
  PushAside({{{0, 0, 0}, 10}}, vessels);
  EXPECT_GE(Length(vessels[1].from), 10);
  EXPECT_GE(Length(vessels[1].to), 10);
  EXPECT_FLOAT_EQ(vessels[0].from.x, -40);
  EXPECT_FLOAT_EQ(vessels[2].to.x, 99);
}

}  // namespace
}  // namespace sgpsam::synthesis
