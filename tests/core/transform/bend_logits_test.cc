#include "core/transform/bend_logits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/transform/restore.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

// One patch of 32 voxels, which are the volume's own, with 8 cells on each side.
class BendLogitsTest : public ::testing::Test {
 protected:
  static PatchSizes Sizes() {
    PatchSizes sizes;
    sizes.patch = 32;
    sizes.logits_side = 8;
    return sizes;
  }
  LogitsBox Flat(float logit) const {
    return OnePatch(std::vector<float>(512, logit), Sizes(), PlaceAtBegin(geometry_, {4, 4, 4}, 32, 1.5));
  }
  Mask Restored(const LogitsBox& logits) const { return RestoreMask(logits, geometry_).mask; }

  const Geometry geometry_ = SteppedGeometry({40, 40, 40}, {{{-1.5, 0, 0}, {0, -1.5, 0}, {0, 0, 1.5}}});
};

TEST_F(BendLogitsTest, TurnTheVoxelAndSomeAroundItWhereverItLiesInItsCell) {
  for (const bool inside : {true, false}) {
    for (int64_t i = 16; i < 20; ++i) {
      for (int64_t j = 16; j < 20; ++j) {
        LogitsBox logits = Flat(inside ? -4.0f : 4.0f);
        EXPECT_EQ(BendLogits(geometry_, {{{i, j, 17}, inside}}, logits), 1);
        const Mask mask = Restored(logits);
        EXPECT_EQ(mask.at(i, j, 17), inside);
        const uint64_t turned = inside ? mask.CountVoxels() : 32 * 32 * 32 - mask.CountVoxels();
        EXPECT_GT(turned, 1u);
        EXPECT_LT(turned, 8u * 8 * 8);  // of two cells on each side at most
      }
    }
  }
}

TEST_F(BendLogitsTest, ChangeNothingFurtherAway) {
  LogitsBox logits = Flat(-4);
  BendLogits(geometry_, {{{18, 18, 18}, true}}, logits);
  for (int64_t i = 0; i < 8; ++i) {
    if (i >= 1 && i <= 5) continue;
    for (int64_t n = 0; n < 64; ++n) EXPECT_EQ(logits.values[i * 64 + n], -4) << i;
  }
}

TEST_F(BendLogitsTest, LeaveWhatAgrees) {
  LogitsBox logits = Flat(-4);
  EXPECT_EQ(BendLogits(geometry_, {{{18, 18, 18}, false}}, logits), 0);
  EXPECT_EQ(logits.values, Flat(-4).values);
}

TEST_F(BendLogitsTest, LeaveWhatLiesBesideTheBoxOrWasNotSeen) {
  LogitsBox logits = Flat(-4);
  EXPECT_EQ(BendLogits(geometry_, {{{2, 18, 18}, true}, {{18, 18, 39}, true}}, logits), 0);
  logits.seen.assign(512, 1);
  for (int64_t n = 0; n < 4 * 64; ++n) {
    logits.seen[n] = 0;
    logits.values[n] = 0;
  }
  EXPECT_EQ(BendLogits(geometry_, {{{18, 18, 18}, true}}, logits), 0);
  EXPECT_EQ(BendLogits(geometry_, {{{21, 18, 18}, true}}, logits), 1);  // next to what was not seen
  for (int64_t n = 0; n < 4 * 64; ++n) EXPECT_EQ(logits.values[n], 0);
}

TEST_F(BendLogitsTest, KeepToTheirSideBetweenOppositeOnes) {
  LogitsBox logits = Flat(-4);
  const std::vector<AskedVoxel> asked{{{14, 18, 18}, true}, {{24, 18, 18}, false}};
  BendLogits(geometry_, asked, logits);
  EXPECT_TRUE(Restored(logits).at(14, 18, 18));
  EXPECT_FALSE(Restored(logits).at(24, 18, 18));
  // Neighbours are left to whoever sets voxels.
  logits = Flat(-4);
  EXPECT_EQ(BendLogits(geometry_, {{{18, 18, 18}, true}, {{19, 18, 18}, false}}, logits), 0);
}

}  // namespace
}  // namespace sgpsam
