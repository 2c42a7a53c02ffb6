#include "server/segment/stage_estimates.h"

#include <gtest/gtest.h>

namespace sgpsam {
namespace {

Standing At(Stage stage) {
  Standing at;
  at.stage = stage;
  at.most_patches = 8;
  return at;
}

// 8 s of decoding, 0.5 of preparing, 4 of encoding, 2 of decoding masks, 1 of writing.
class StageEstimatesTest : public ::testing::Test {
 protected:
  StageEstimatesTest() {
    estimates_.Observe(Stage::kDecode, absl::Seconds(8));
    estimates_.Observe(Stage::kPrepare, absl::Seconds(0.5));
    estimates_.Observe(Stage::kEncode, absl::Seconds(4));
    estimates_.Observe(Stage::kPromptMask, absl::Seconds(2));
    estimates_.Observe(Stage::kWrite, absl::Seconds(1));
  }
  StageEstimates estimates_;
};

TEST(StageEstimates, KnowNothingBeforeTheFirstMask) {
  StageEstimates estimates;
  EXPECT_EQ(estimates.Remaining(At(Stage::kDecode)), absl::ZeroDuration());
  estimates.Observe(Stage::kDecode, absl::Seconds(1));
  EXPECT_EQ(estimates.Remaining(At(Stage::kDecode)), absl::ZeroDuration());
}

TEST_F(StageEstimatesTest, AddUpWhatIsStillToCome) {
  EXPECT_EQ(estimates_.Remaining(At(Stage::kDecode)), absl::Seconds(15.5));
  EXPECT_EQ(estimates_.Remaining(At(Stage::kPrepare)), absl::Seconds(7.5));
  EXPECT_EQ(estimates_.Remaining(At(Stage::kPromptMask)), absl::Seconds(3));
  EXPECT_EQ(estimates_.Remaining(At(Stage::kWrite)), absl::Seconds(1));
  Standing more = At(Stage::kPromptMask);
  more.targets = 3;
  EXPECT_EQ(estimates_.Remaining(more), absl::Seconds(3 + 2 * 6.5));
}

TEST_F(StageEstimatesTest, CountThePatchesThatTargetsTookFromThereOn) {
  for (int n = 0; n < 100; ++n) estimates_.ObservePatches(3);
  Standing at = At(Stage::kPrepare);
  for (const int patch : {1, 2, 3}) {
    at.patch = patch;
    EXPECT_NEAR(absl::ToDoubleSeconds(estimates_.Remaining(at)), 1 + (4 - patch) * 6.5, 1e-6) << patch;
  }
  at.patch = 4;  // more than any took: this one, and whoever knows
  EXPECT_NEAR(absl::ToDoubleSeconds(estimates_.Remaining(at)), 7.5, 1e-6);
  at.patch = 1;
  at.most_patches = 2;
  EXPECT_NEAR(absl::ToDoubleSeconds(estimates_.Remaining(at)), 14, 1e-6);
}

TEST_F(StageEstimatesTest, LeaveOutTheEncodingOfPatchesThatAreCached) {
  for (int n = 0; n < 100; ++n) estimates_.ObservePatches(2);
  Standing at = At(Stage::kPromptMask);
  at.patch = 1;
  at.cached = true;
  EXPECT_NEAR(absl::ToDoubleSeconds(estimates_.Remaining(at)), 2 + 2.5 + 1, 1e-6);
}

TEST_F(StageEstimatesTest, CountWhoIsAheadInTheQueue) {
  Standing at = At(Stage::kEncode);
  EXPECT_EQ(estimates_.Remaining(at), absl::Seconds(7));
  at.ahead = 6;
  at.replicas = 2;
  EXPECT_EQ(estimates_.Remaining(at), absl::Seconds(7 + 3 * 4));
}

TEST_F(StageEstimatesTest, CountTheQueueThatIsStillToCome) {
  estimates_.Observe(Stage::kQueue, absl::Seconds(30));
  EXPECT_EQ(estimates_.Remaining(At(Stage::kPrepare)), absl::Seconds(37.5));
  EXPECT_EQ(estimates_.Remaining(At(Stage::kEncode)), absl::Seconds(7));
}

TEST(StageEstimates, FollowTheNewestObservations) {
  StageEstimates estimates;
  estimates.Observe(Stage::kPromptMask, absl::Seconds(100));
  for (int n = 0; n < 50; ++n) estimates.Observe(Stage::kPromptMask, absl::Seconds(1));
  EXPECT_LT(estimates.Remaining(At(Stage::kPromptMask)), absl::Seconds(1.1));
}

}  // namespace
}  // namespace sgpsam
