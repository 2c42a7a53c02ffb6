#include "tools/learn/cases/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/synthetic_volume.h"
#include "tools/learn/cases/case.h"

namespace sgpsam {
namespace {

using testing::ElementsAre;
using Each = TargetChoice::Each;

constexpr Shape kShape{6, 4, 3};
constexpr GridMap kSame{0, {1, 6, 24}};

// Components of 2 (joined by a corner), 1 and 3 voxels.
Mask ThreeComponents() {
  Mask mask(kShape);
  mask.Set(0, 0, 0);
  mask.Set(1, 1, 1);
  mask.Set(5, 0, 0);
  for (int64_t i = 3; i < 6; ++i) mask.Set(i, 3, 2);
  return mask;
}

Targets Made(const Mask& mask, const TargetChoice& options, const GridMap& map = kSame) {
  absl::StatusOr<Targets> targets = MakeTargets(mask, map, TestGeometry(kShape), options);
  EXPECT_TRUE(targets.ok()) << targets.status();
  return targets.ok() ? *std::move(targets) : Targets();
}

// How many voxels have the values 0, 1, 2, …
std::vector<int64_t> Counts(const Targets& targets) {
  std::vector<int64_t> counts(static_cast<size_t>(targets.count) + 1);
  EXPECT_EQ(targets.volume.sample_type(), SampleType::kUint16);
  for (int64_t n = 0; n < kShape.voxels(); ++n) {
    ++counts.at(static_cast<size_t>(targets.volume.at(n % 6, n / 6 % 4, n / 24)));
  }
  return counts;
}

TEST(MakeTargets, MakesEveryComponentATarget) {
  const Targets targets = Made(ThreeComponents(), {});
  EXPECT_EQ(targets.count, 3);
  EXPECT_THAT(Counts(targets), ElementsAre(66, 2, 1, 3));
  EXPECT_EQ(targets.volume.at(1, 1, 1), 1);
  EXPECT_EQ(targets.volume.at(5, 0, 0), 2);
  EXPECT_EQ(targets.volume.at(4, 3, 2), 3);
}

TEST(MakeTargets, LeavesSmallComponentsOutWithoutAGapInTheNumbers) {
  const Targets targets = Made(ThreeComponents(), {Each::kComponent, 2});
  EXPECT_EQ(targets.components, 3);
  EXPECT_THAT(Counts(targets), ElementsAre(67, 2, 3));
  EXPECT_EQ(targets.volume.at(4, 3, 2), 2);
}

TEST(MakeTargets, KeepsTheLabelAsOneTarget) {
  EXPECT_THAT(Counts(Made(ThreeComponents(), {Each::kLabel, 1})), ElementsAre(66, 6));
  EXPECT_THAT(Counts(Made(ThreeComponents(), {Each::kLabel, 2})), ElementsAre(67, 5));
}

TEST(MakeTargets, MakesNoneOfNothing) {
  const Targets empty = Made(Mask(kShape), {});
  EXPECT_EQ(empty.count, 0);
  EXPECT_EQ(empty.components, 0);
  for (const Each each : {Each::kComponent, Each::kLabel}) {
    const Targets small = Made(ThreeComponents(), {each, 4});
    EXPECT_EQ(small.count, 0);
    EXPECT_EQ(small.components, 3);
    EXPECT_THAT(Counts(small), ElementsAre(72));
  }
}

TEST(MakeTargets, PaintsOnTheImagesGrid) {
  // i and j turned around.
  const Targets targets = Made(ThreeComponents(), {}, GridMap{23, {-1, -6, 24}});
  EXPECT_THAT(Counts(targets), ElementsAre(66, 2, 1, 3));
  EXPECT_EQ(targets.volume.at(5, 3, 0), 1);
  EXPECT_EQ(targets.volume.at(4, 2, 1), 1);
  EXPECT_EQ(targets.volume.at(0, 3, 0), 2);
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(targets.volume.at(i, 0, 2), 3);
}

TEST(MakeTargets, RefusesMoreTargetsThanSamplesCanTellApart) {
  const Shape shape{512, 514, 1};
  Mask mask(shape);
  for (int64_t j = 0; j < 514; j += 2) {
    for (int64_t i = 0; i < 512; i += 2) mask.Set(i, j, 0);
  }
  const GridMap same{0, {1, 512, 512 * 514}};
  const absl::Status status = MakeTargets(mask, same, TestGeometry(shape), {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("65792 components"));
  EXPECT_EQ(MakeTargets(mask, same, TestGeometry(shape), {Each::kLabel, 1})->count, 1);
}

}  // namespace
}  // namespace sgpsam
